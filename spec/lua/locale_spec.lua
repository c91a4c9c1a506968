-- A program may have called os.setlocale. Under a Turkish locale "ID" and "id" differ for
-- strcasecmp; German has a comma in its numbers, Pashto a separator of two bytes. Nothing of b24
-- may notice.
-- One Lua of each kind: processes, and locales that take long to make.

local data = require "spec.support.data"
local process = require "spec.support.process"

local LOCALES = { tr_TR = "UTF-8", de_DE = "UTF-8", ps_AF = "UTF-8", az_AZ = "UTF-8",
  fr_FR = "ISO-8859-1" }

-- The same report under every locale.
local REPORT = [[
  local codec = require "b24.codec"
  local b24 = require "b24"
  local wanted = ...
  if arg and arg[1] then wanted = arg[1] end
  local function say(...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
    print((table.concat(words, " "):gsub("table: %S+", "table")))
  end
  local function numbers(text)
    local value, err = codec.decode(text)
    if value == nil then return say("no", err) end
    -- Not tostring: Lua's own numbers follow the locale.
    for _, v in ipairs(value) do say(type(v), type(v) == "number" and codec.encode(v) or v) end
    local sum = 0
    for _, v in ipairs(value) do if type(v) == "number" then sum = sum + v * 1000000 end end
    say("sum", ("%.0f"):format(sum))
  end
  numbers("[1.5,-2.25e-3,1e3,0.1,123456789.125,1E+2,0,-0.5,9007199254740993,"
    .. "3.141592653589793,1e-300]")
  numbers("[0." .. ("123"):rep(30) .. "]")
  for _, v in ipairs { 0.5, -1.25, 1e300, 1 / 3, 1e-7, 2 ^ 60, 0.1, 123456.789 } do
    say(codec.encode { v })
  end
  say(codec.batch({ a = { "crm.deal.list", { LIMIT = 1.5 } } })[1].body)
  local WEBHOOK = "https://portal.example/rest/1/x/"
  local function reply(status, body, method)
    local value, err, info = codec.reply(WEBHOOK, method or "profile",
      { status = status, body = body })
    say(value, err, info.kind, info.code, info.retryable, info.hint)
    if info.time then say(codec.encode(info.time.duration), codec.encode(info.time.operating)) end
  end
  -- Codes of the portal, in any letter case.
  for _, code in ipairs { "INVALID_TOKEN", "invalid_token", "QUERY_LIMIT_EXCEEDED",
      "query_limit_exceeded", "INSUFFICIENT_SCOPE", "insufficient_scope",
      "BITRIX_REST_V3_EXCEPTION_INVALIDFILTEREXCEPTION", "EXPIRED_TOKEN", "invalid_credentials",
      "ERROR_METHOD_NOT_FOUND", "INVALID_REQUEST", "invalid_request" } do
    for _, status in ipairs { 400, 401, 403, 503 } do
      reply(status, '{"error":"' .. code .. '","error_description":"x"}')
    end
  end
  reply(400, '{"error":1.5,"error_description":"x","time":{"duration":0.25,"operating":1.5}}')
  -- Lists: names in any letter case.
  for _, params in ipairs { { filter = { [">id"] = 1 } }, { FILTER = { ID = 1 } },
      { order = { id = "asc" } }, { ORDER = { Id = "Asc" } }, { ORDER = { TITLE = "ASC" } },
      { select = { "ID" } } } do
    for _, method in ipairs { "crm.deal.list", "CRM.DEAL.LIST", "crm.item.list", "tasks.task.list",
        "IM.RECENT.LIST", "IM.DIALOG.MESSAGES.GET", "im.dialog.messages.get", "user.get",
        "disk.folder.getchildren", "LISTS.ELEMENT.GET" } do
      local ok, cursor = pcall(codec.cursor, method, params)
      local page = ok and cursor:params() or {}
      local keys = {}
      for key, value in pairs(page) do
        keys[#keys + 1] = key .. "=" .. (type(value) == "table" and codec.encode(value)
          or tostring(value))
      end
      table.sort(keys, function(a, b) -- not by the locale, as Lua compares strings
        for i = 1, #a do
          if a:byte(i) ~= b:byte(i) then return a:byte(i) < (b:byte(i) or 0) end
        end
        return #a < #b
      end)
      say(method, ok, table.concat(keys, " "))
    end
  end
  -- Options and URLs.
  for _, conf in ipairs { { webhook = "HTTPS://PORTAL.BITRIX24.COM.TR/REST/1/X/" },
      { webhook = WEBHOOK, timeout = 0.5 }, { webhook = "https://PORTAL.BITRIX24.COM/rest/1/x/" },
      { webhook = WEBHOOK, timeout = 1e9 }, { webhook = WEBHOOK, http_version = 1.1 },
      { webhook = WEBHOOK, http_version = "1.1" },
      { webhook = WEBHOOK, limiter = { rate = 0.0001 } },
      { webhook = WEBHOOK, limiter = { rate = 1.5 } }, { webhook = WEBHOOK, plan = "ENTERPRISE" },
      { webhook = WEBHOOK, http_version = 2 } } do
    local made, err, info = codec.conf(conf)
    say(made, err, info and info.hint)
  end
  -- Headers, dates, secrets.
  local reader = codec.http_reply()
  local got =
    reader:feed("HTTP/1.1 200 OK\r\nCONTENT-TYPE: a\r\nLOCATION: b\r\nRETRY-AFTER: "
      .. "3\r\nCONTENT-LENGTH: 2\r\n"
    .. "CONNECTION: CLOSE\r\n\r\n{}")
  say(got and got.content_type, got and got.location, got and got.retry_after,
    got and got.keep_alive)
  reply(403, "AUTHORIZATION: BEARER secretsecret CLIENT_SECRET=secretsecret SIGNATURE=secretsecret")
  reply(403, "see %2Frest%2F1%2Fsecretsecret%2F and %2frest%2f1%2fsecretsecret%2f")
  local call = codec.call(WEBHOOK, "IM.COUNTERS.GET")
  say(call:next(1.5, "go"))
  local watch = codec.watch(60, 1)
  say(("%.0f"):format(watch:answer(true, 1.5, 2.5) * 1000))
  local counters = codec.reply(WEBHOOK, "im.counters.get", { status = 200,
    body = '{"result":{"type":{"all":"3","chat":2},"chat":{"1":"2"},"dialog":{},"lines":[]}}' },
      "counters")
  say(counters.TYPE.ALL, counters.TYPE.CHAT, counters.CHAT["1"], b24.badge(counters))
]]

describe("a program's locale", function()
  local folder, made, why_not = nil, {}, nil
  -- They take seconds to make: once for all Luas of a run, where scripts/test.sh shares a folder.
  local shared = os.getenv "B24_TEST_CERTS"
  setup(function()
    folder = shared and shared .. "/locales" or data.folder()
    if data.shell "command -v localedef" == "" then why_not = "there is no localedef" end
    if not process.read "/usr/share/i18n/locales/tr_TR" then
      why_not = "there are no locale sources (package locales)"
    end
    for name, charset in pairs(why_not and {} or LOCALES) do
      local path = folder .. "/" .. name .. "." .. charset
      data.shell(("mkdir -p %s && flock %s/lock sh -c 'test -e %s || localedef -i %s -f %s %s'")
        :format(folder, folder, path, name, charset, path))
      made[name] = process.read(path .. "/LC_NUMERIC") ~= nil
    end
  end)
  teardown(function()
    if not shared then data.remove_folder(folder) end
  end)

  local function report(locale)
    local set = locale and ("assert(os.setlocale(%q))"):format(locale) or ""
    local status, out, err = process.run(set .. "\n" .. REPORT, { LOCPATH = folder })
    assert.equal("", err)
    assert.equal(0, status)
    assert.is_true(#out > 4000)
    return out
  end

  for name, charset in pairs(LOCALES) do
    it("changes nothing: " .. name, function()
      if why_not then return pending(why_not) end
      assert.is_true(made[name])
      assert.equal(report(), report(name .. "." .. charset))
    end)
  end
end)
