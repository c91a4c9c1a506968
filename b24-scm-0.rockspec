rockspec_format = "3.0"
package = "b24"
version = "scm-0"
source = {
  url = "git+https://example.org/b24/b24.git", -- set when the repository gets its public address
}
description = {
  summary = "Unread Bitrix24 counters, and a polite Bitrix24 REST client, for Lua, Neovim, OpenResty, bars and cron",
  detailed = [[
b24.counters() calls the Bitrix24 REST method im.counters.get over libcurl, decodes the answer with cJSON and returns
nested Lua tables. Errors are values that say what to do next; secrets appear in none of them.]],
  license = "MIT",
  labels = { "bitrix24", "rest", "neovim", "openresty", "notifications" },
}
dependencies = { "lua >= 5.1, < 5.6" }
-- No header entry for CURL: Debian keeps curl/curl.h in the multiarch directory, where LuaRocks does not look and cc does.
external_dependencies = {
  CURL = { library = "curl" },
  LIBCJSON = { header = "cjson/cJSON.h", library = "cjson" },
}
build = {
  type = "builtin",
  modules = {
    ["b24"] = "lua/b24/init.lua",
    ["b24.batch"] = "lua/b24/batch.lua",
    ["b24.client"] = "lua/b24/client.lua",
    ["b24.drive"] = "lua/b24/drive.lua",
    ["b24.engine"] = "lua/b24/engine.lua",
    ["b24.health"] = "lua/b24/health.lua",
    ["b24.host"] = "lua/b24/host.lua",
    ["b24.inbox"] = "lua/b24/inbox.lua",
    ["b24.list"] = "lua/b24/list.lua",
    ["b24.many"] = "lua/b24/many.lua",
    ["b24.messages"] = "lua/b24/messages.lua",
    ["b24.meta"] = "lua/b24/meta.lua",
    ["b24.nvim"] = "lua/b24/nvim.lua",
    ["b24.nvim.acts"] = "lua/b24/nvim/acts.lua",
    ["b24.nvim.child"] = "lua/b24/nvim/child.lua",
    ["b24.nvim.command"] = "lua/b24/nvim/command.lua",
    ["b24.nvim.dialog"] = "lua/b24/nvim/dialog.lua",
    ["b24.nvim.inbox"] = "lua/b24/nvim/inbox.lua",
    ["b24.nvim.layout"] = "lua/b24/nvim/layout.lua",
    ["b24.nvim.module"] = "lua/b24/nvim/module.lua",
    ["b24.nvim.options"] = "lua/b24/nvim/options.lua",
    ["b24.nvim.page"] = "lua/b24/nvim/page.lua",
    ["b24.nvim.pick"] = "lua/b24/nvim/pick.lua",
    ["b24.nvim.poll"] = "lua/b24/nvim/poll.lua",
    ["b24.nvim.rows"] = "lua/b24/nvim/rows.lua",
    ["b24.nvim.saved"] = "lua/b24/nvim/saved.lua",
    ["b24.nvim.state"] = "lua/b24/nvim/state.lua",
    ["b24.task"] = "lua/b24/task.lua",
    ["b24.transport.blocking"] = "lua/b24/transport/blocking.lua",
    ["b24.transport.cqueues"] = "lua/b24/transport/cqueues.lua",
    ["b24.transport.glib"] = "lua/b24/transport/glib.lua",
    ["b24.transport.uv"] = "lua/b24/transport/uv.lua",
    ["b24.watch"] = "lua/b24/watch.lua",
    ["b24.why"] = "lua/b24/why.lua",
    ["lualine.components.b24"] = "lua/lualine/components/b24.lua",
    ["b24.codec"] = {
      sources = {
        "src/batch.c", "src/buffer.c", "src/call.c", "src/call_limit.c", "src/call_move.c", "src/call_retry.c",
        "src/clock.c", "src/codec.c", "src/codec_open.c", "src/codes.c", "src/conf.c", "src/credential.c",
        "src/cursor.c", "src/date.c", "src/document.c", "src/fault.c", "src/gate.c", "src/limiter.c",
        "src/limiter_file.c", "src/lua_batch.c", "src/lua_batch_answer.c", "src/lua_batch_plan.c",
        "src/lua_call.c", "src/lua_conf.c", "src/lua_counters.c", "src/lua_cursor.c", "src/lua_dialogs.c",
        "src/lua_fields.c", "src/lua_inbox.c", "src/lua_inbox_ask.c", "src/lua_log.c", "src/lua_messages.c",
        "src/lua_options.c", "src/lua_outcome.c", "src/lua_params.c", "src/lua_portal.c", "src/lua_rows.c",
        "src/lua_totals.c", "src/lua_values.c", "src/lua_watch.c", "src/lua_why.c", "src/lua_wish.c",
        "src/mask.c", "src/methods.c", "src/pin.c", "src/portal.c", "src/reply.c", "src/request.c",
        "src/runtime_dir.c", "src/seen.c", "src/url.c", "src/watch.c",
      },
      libraries = { "cjson" },
      incdirs = { "$(LIBCJSON_INCDIR)" },
      libdirs = { "$(LIBCJSON_LIBDIR)" },
    },
    ["b24.core"] = {
      sources = {
        "src/batch.c", "src/buffer.c", "src/call.c", "src/call_limit.c", "src/call_move.c", "src/call_retry.c",
        "src/clock.c", "src/codec.c", "src/codes.c", "src/conf.c", "src/core.c", "src/credential.c",
        "src/curl_error.c", "src/curl_facts.c", "src/cursor.c", "src/date.c", "src/document.c", "src/engine.c", "src/engine_exit.c",
        "src/engine_lane.c", "src/engine_thread.c", "src/exchange.c", "src/fault.c", "src/gate.c",
        "src/limiter.c", "src/limiter_file.c", "src/lua_batch.c", "src/lua_batch_answer.c",
        "src/lua_batch_plan.c", "src/lua_call.c", "src/lua_conf.c", "src/lua_counters.c", "src/lua_cursor.c",
        "src/lua_dialogs.c", "src/lua_engine.c", "src/lua_fields.c", "src/lua_inbox.c", "src/lua_inbox_ask.c",
        "src/lua_interrupt.c", "src/lua_log.c", "src/lua_messages.c", "src/lua_options.c", "src/lua_outcome.c",
        "src/lua_params.c", "src/lua_portal.c", "src/lua_rows.c", "src/lua_totals.c", "src/lua_values.c",
        "src/lua_watch.c", "src/lua_why.c", "src/lua_wish.c", "src/mask.c", "src/methods.c", "src/pin.c",
        "src/portal.c", "src/reply.c", "src/request.c", "src/runtime_dir.c", "src/seen.c", "src/sigpipe.c",
        "src/timers.c", "src/transfer.c", "src/trust.c", "src/url.c", "src/watch.c",
      },
      libraries = { "curl", "cjson", "pthread" },
      incdirs = { "$(CURL_INCDIR)", "$(LIBCJSON_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)", "$(LIBCJSON_LIBDIR)" },
    },
  },
  copy_directories = { "doc", "plugin" },
}
test_dependencies = { "busted" }
test = { type = "busted" }
