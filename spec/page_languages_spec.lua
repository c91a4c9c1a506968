-- The programs in other languages of doc/im.counters.get.md run as they stand there, and find what
-- b24 finds.
-- One Lua of each kind: processes.

local b24 = require "b24"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/page_languages_spec%.lua$" or ""
local PAGES = { "doc/im.counters.get.md", "doc/ru/im.counters.get.md" }
local LANGUAGES = { -- what a block is marked with -> its program, the end of its file's name
  js = { "node", "mjs" }, php = { "php", "php" }, python = { "python3", "py" }, sh = { "sh", "sh" },
}

local function installed(program)
  local status = os.execute("command -v " .. program .. " >/dev/null 2>&1")
  return status == true or status == 0
end

-- The first block of a language.
local function block(page, language)
  local text = assert(process.read(ROOT .. page), page)
  return assert(text:match("\n```" .. language .. "\n(.-)\n```"), page .. " has no " .. language)
end

for _, page in ipairs(PAGES) do
  describe("of " .. page, function()
    local portal, dir
    setup(function()
      portal = start()
      dir = os.tmpname()
      os.remove(dir)
      assert(os.execute("mkdir -m 700 " .. process.quote(dir)))
    end)
    teardown(function() os.execute("rm -rf " .. process.quote(dir)) end)

    -- Exit code and what it printed, standard error too.
    local function run(language, webhook)
      local program, ending = LANGUAGES[language][1], LANGUAGES[language][2]
      local file, source = dir .. "/program." .. ending, block(page, language)
      if language == "sh" then -- its second command is OAuth's; http is for the mock portal only
        source = source:gsub("\n# .*$", ""):gsub("%-%-proto =https", "--proto =http")
      end
      process.write(file, source .. "\n")
      local status = os.execute(("env -u LD_PRELOAD B24_WEBHOOK=%s %s %s >%s/out 2>&1"):format(
        process.quote(webhook), program, file, dir))
      return status == true or status == 0, assert(process.read(dir .. "/out"))
    end

    for language, how in pairs(LANGUAGES) do
      it("the program in " .. language .. " finds the same numbers", function()
        if not installed(how[1]) then return pending(how[1] .. " is not installed") end
        local ok, out = run(language, portal.http_webhook)
        assert.is_true(ok, out)
        local counters = assert(b24.counters { webhook = portal.http_webhook, allow_http = true })
        if language == "sh" then
          assert.truthy(out:find('"TYPE":{"ALL":' .. counters.TYPE.ALL, 1, true), out)
          return
        end
        assert.equal(b24.totals(counters).messages, tonumber(out:match "messages: (%d+)"))
        local seen = 0
        for id, prefix in ("DIALOG: CHAT:chat"):gmatch "(%u+):(%l*)" do
          for key, unread in pairs(counters[id]) do
            local line = out:match("\n" .. prefix .. key .. " " .. unread .. " ([^\n]+)\n")
            assert.truthy(line, prefix .. key .. "\n" .. out)
            seen = seen + 1
          end
        end
        assert.is_true(seen > 0)
      end)

      it("the program in " .. language .. " shows no secret when it is refused", function()
        if not installed(how[1]) then return pending(how[1] .. " is not installed") end
        local wrong = portal.http_webhook:gsub(portal.secret, "wrongSecret")
        local _, out = run(language, wrong)
        assert.truthy(out:find("INVALID_CREDENTIALS", 1, true), out)
        assert.is_nil(out:find("wrongSecret", 1, true), out)
      end)
    end
  end)
end
