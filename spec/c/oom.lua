-- What oom.c does while memory runs out: a list of { name =, bare =, cold =, run = }. `run` is
-- called with all the memory there is, with failing allocations, and with memory again, when it
-- must answer as the first time. bare: in a state that has not opened the modules. cold: also in
-- processes that have not started libcurl.

-- the luaopen functions; the mock portal's webhook, http; return only the bare ones?
local open, webhook, bare = ...

local CONF = { webhook = webhook, allow_http = true, proxy = "", retries = 0, timeout = 25,
  user_agent = "oom",
  limiter = false } -- it would make the many runs wait; "limited call" has it
-- For calls that no time passes in: the limiter would compare with the real clock.
local OFFLINE = { webhook = webhook, allow_http = true, retries = 0, limiter = false }
local JSON =
  [[{"list":[1,2.5,"é\n\u20ac",null,true,{"a":{}}],"big":9007199254740993,"empty":[],
    "name":"value"}]]
local COUNTERS = [[{"result":{"TYPE":{"ALL":12,"NOTIFY":"1","CHAT":3,"DIALOG":4,"LINES":0,
  "MESSENGER":9,"TASKS_TASK":2},
  "CHAT":{"18":1,"25":2},"DIALOG":{"5":"3","7":1},"LINES":[],"CHAT_MUTED":{"25":2},
    "CHANNEL_COMMENT":{"40":{"41":6}},
  "CHAT_UNREAD":{"1":18},"FUTURE":{"a":1}},"time":{"start":1.5,"operating":0}}]]
local PUSH = [[{"result":{"server":{"version":4,"long_pooling_secure":"https://push.example/sub/"},
  "channels":{"private":{"id":"ab:cd.ef","end":"2027-01-15T20:00:00+00:00"}}}}]]
local FRAMES = [[#!NGINXNMS!#{"mid":"17640000000000000000000001","text":{"module_id":"pull",
  "command":"channel_expire","params":{"action":"reconnect","new_channel":{"id":"gh:ij.kl"}}}}]]
  .. [[#!NGINXNME!##!NGINXNMS!#{"mid":"17640000000000000000000002","text":{"module_id":"im",
  "command":"message"}}#!NGINXNME!#]]
local LIMIT = [[{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}]]

local scenarios = {}

local function scenario(name, run, how)
  scenarios[#scenarios + 1] = { name = name, run = run, bare = how == "bare", cold = how == "cold" }
end

-- A module that could not be opened in a first attempt must be whole after the second.
local function opened(luaopen)
  return function()
    local module = luaopen()
    local conf, err, info = module.conf(CONF)
    if not conf then return nil, err, info end
    local list, message = module.decode "[1]"
    if not list then return nil, message end
    local meta = debug.getmetatable(conf)
    return { list, tostring(conf), meta.__gc ~= nil, tostring(meta.__metatable), meta.__name }
  end
end

local function opened_call()
  local call, err, info = open.codec().call(CONF, "profile")
  if not call then return nil, err, info end
  local meta = debug.getmetatable(call)
  return { tostring(call), meta.__gc ~= nil, meta.__name, meta.__index == meta, call:next(0, "go") }
end

scenario("open codec", opened(open.codec), "bare")
scenario("open core", opened(open.core), "bare")
scenario("open call", opened_call, "bare")
if bare then return scenarios end

local codec, core = open.codec(), open.core()

-- A whole call without a network. Index by number: the metatable of maps must be complete after a
-- failure too.
local function offline(status, body)
  local call, err, info = codec.call(OFFLINE, "im.counters.get",
    { LIMIT = 5, list = { 1, "a", { x = true } } }, "counters")
  if not call then return nil, err, info end
  call:next(0, "go")
  call:next(1, "reply", { status = status, body = body, content_type = "application/json" })
  local counters, message, more = call:result()
  return counters and { counters, by_number = counters.CHAT[18] }, message, more
end

local counters = assert(offline(200, COUNTERS))[1]
local later = assert(offline(200, COUNTERS))[1]
later.CHAT["18"], later.DIALOG["9"], later.TYPE.ALL = 4, 1, 16

local function collect(...)
  local list = {}
  for id, unread, section in ... do list[#list + 1] = { id, unread, section } end
  return list
end

scenario("conf", function()
  local conf, err, info = codec.conf(CONF)
  return conf and tostring(conf), err, info
end)
scenario("token", function()
  local conf, err, info = codec.conf { portal = "example.bitrix24.com", token = "abcdef",
    proxy = "http://proxy.test" }
  return conf and tostring(conf), err, info
end)
scenario("bad conf", function() return codec.conf { webhook = "https://example.com/" } end)
scenario("webhook function", function()
  local conf, err, info = codec.conf { webhook = function()
    return "https://example.com/rest/1/" .. "secret/"
  end }
  return conf and tostring(conf), err, info
end)
scenario("decode", function() return codec.decode(JSON, { nulls = true }) end)
scenario("posted", function()
  return codec.posted "event=ONX&auth[a]=1&data[L][]=1&data[L][]=2&data[M][x][y]=%D0%98"
end)
scenario("redirect", function()
  return codec.system.redirect("/?code=c&state=s&domain=h&scope=im&server_domain=o", "s", "h")
end)
scenario("encode", function()
  return codec.encode { list = { 1, 2.5, "é\n", { a = {} }, codec.null } }
end)
scenario("request", function()
  return codec.request(OFFLINE, "crm.deal.list", { filter = { [">ID"] = 5 } })
end)
scenario("reply", function()
  return codec.reply(OFFLINE, "im.counters.get", { status = 200, body = COUNTERS }, "counters")
end)
scenario("call", function() return offline(200, COUNTERS) end)
scenario("file", function()
  local file = codec.file "LICENSE"
  local call, err, info = codec.call(OFFLINE, "disk.folder.uploadfile",
    { fileContent = { file.name, file } })
  if not call then return nil, err, info end
  local _, request = call:next(0, "go")
  local size, problem, about = codec.file_size(file)
  if not size then return nil, problem, about end
  local piece, failure = request.body:read(100)
  return { piece, request.length, size, tostring(file) }, failure and failure.message
end)
scenario("portal error", function() return offline(503, LIMIT) end)
scenario("foreign body", function()
  return offline(502, "<html><title>Bad Gateway</title></html>")
end)
scenario("moved portal", function()
  local call, err, info = codec.call({ webhook = "https://old.bitrix24.ru/rest/1/s/",
    limiter = false }, "profile")
  if not call then return nil, err, info end
  call:next(0, "go")
  local location = "https://new.bitrix24.ru/rest/1/s/profile"
  local action, request = call:next(1, "reply", { status = 302, body = "", location = location })
  if action == "DONE" then return call:result() end
  return { action, type(request) == "table" and request.url }
end)
-- A refused token from the first event to the last; `store` as in conf.oauth.
local function renewed(store, answer)
  local call, err, info = codec.call({ limiter = false, retries = 0, oauth = {
    client_id = "local.1", client_secret = "5ecre7", access_token = "0ld", refresh_token = "r0ld",
    client_endpoint = "https://old.bitrix24.ru/rest/", member_id = "m", user_id = 7,
    store = store } }, "profile")
  if not call then return nil, err, info end
  local replies = { { status = 401, body = '{"error":"expired_token"}' },
    answer or { status = 200, body = '{"access_token":"n3w","refresh_token":"rn3w",'
      .. '"expires_in":3600,'
      .. '"client_endpoint":"https://new.bitrix24.ru/rest/","member_id":"m","user_id":7}' },
    { status = 200, body = '{"result":"good"}' } }
  local sent, event, told = {}, "go", nil
  repeat
    local action, payload = call:next(1, event, told)
    if action == "SEND" then
      sent[#sent + 1] = payload.url
      event, told = "reply", table.remove(replies, 1)
    elseif action == "ASK" then
      event, told = "answer", { ok = true, value = payload.question == "save" or nil }
    end
  until action == "DONE"
  local value, message, more = call:result()
  return value and { value, sent }, message, more
end
scenario("token in functions", function()
  collectgarbage() -- the lock of a run that failed
  return renewed { load = print, save = print }
end)
scenario("token in a file", function()
  collectgarbage()
  local path = os.tmpname()
  os.remove(path)
  local value, err, info = renewed(path)
  local kept, why
  if value then
    kept, why = codec.system.app(path)
  end
  os.remove(path)
  -- without memory for the file this program alone has the tokens, and says so
  if value and info.store_error then return nil, info.store_error end
  return value and kept and { value, kept.user_id }, err or why, info
end)
scenario("dead token in a file", function()
  collectgarbage()
  local path = os.tmpname()
  os.remove(path)
  local _, err, info = renewed(path, { status = 400, body = '{"error":"invalid_grant"}' })
  os.remove(path)
  if info and info.code == "invalid_grant" then return true end -- marked or not
  return nil, err, info
end)
scenario("batch", function()
  local steps = codec.batch { me = "profile", [547] = { "crm.deal.get", { list = { 1, 2 } } },
    later = { "crm.deal.get", { id = codec.ref("me", "ID") } },
    events = { "event.offline.get", { clear = 0, process_id = "x" } },
    single = { "b24test.echo", { text = "$total" } } }
  local step = steps[1] -- not its idempotent: without memory to look at clear, it is false
  local call, err, info = codec.call(OFFLINE, "batch", step, "batch")
  if not call then return nil, err, info end
  local body =
    '{"result":{"result":{"c1":{"ID":7}},"result_error":{"c2":{"error":"E"}},'
      .. '"result_total":{"c1":5}}}'
  call:next(0, "go")
  call:next(1, "reply", { status = 200, body = body, content_type = "application/json" })
  local answer, message, more = call:result()
  return answer and { answer.results, answer.not_reached, answer.total, #steps, #step.body },
    message, more
end)
scenario("list ahead", function()
  local conf, err, info = codec.conf(OFFLINE)
  if not conf then return nil, err, info end
  local first, second = {}, {}
  for i = 1, 50 do first[i], second[i] = { ID = i }, { ID = 50 + i } end
  local cursor = codec.cursor("crm.deal.list", { filter = { STAGE_ID = "NEW" } }, true)
  cursor:params()
  assert(cursor:page(first, { next = 50, total = 150 }))
  local requests = cursor:ahead(conf, 0, 4)
  -- whether a batch carries the params is not known then
  if not requests then return nil, "without memory it is page by page" end
  local step = codec.batch(requests[1], true)[1]
  local rows = cursor:part(second, {}, 1, 1)
  return { #requests, #step.body, #(rows or {}), cursor:more(), cursor:params().filter[">ID"] }
end)
scenario("cache", function()
  collectgarbage() -- the claim of a run that failed
  local conf, err, info = codec.conf { webhook = webhook, allow_http = true, max_age = 1000,
    nulls = true }
  if not conf then return nil, err, info end
  local entry, message, more = codec.cache(conf)
  if not entry then return nil, message, more end
  local call, fault, about = codec.call(conf, "im.counters.get", nil, "kept", { seed = 1 })
  if not call then return nil, fault, about end
  if entry:step() == "ask" and not entry:store(COUNTERS) then return nil, "not stored" end
  local step, found = entry:step()
  -- or the other Lua asks just now
  if step ~= "hit" then return nil, "without memory there is no entry" end
  return { found, tostring(call) }
end)
scenario("http request", function()
  return codec.http_request { url = "https://example.com:8443/rest/1/x/profile", body = "{}",
    headers = { Accept = "a/b" } }
end)
-- made here: string.rep of Lua 5.4 does not survive it
local rest = "\r\n800\r\n" .. ("x"):rep(2048) .. "\r\n0\r\n\r\n"
scenario("http reply", function()
  local reader = codec.http_reply(8192)
  local reply, failure =
    reader:feed "HTTP/1.1 200 OK\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc"
  if not failure then reply, failure = reader:feed(rest) end
  return reply, failure and failure.message
end)
scenario("socket error", function()
  return codec.cosocket_failure("handshake", "22: certificate chain too long")
end)
scenario("options of a call", function()
  local call, err, info = codec.call(CONF, "profile")
  if not call then return nil, err, info end
  return call:options()
end)
scenario("totals", function() return codec.totals(counters) end)
scenario("badge", function() return codec.badge(counters) end)
scenario("dialogs", function() return collect(codec.dialogs(counters)) end)
scenario("diff", function() return codec.diff(counters, later) end)
local ROWS = {
  { id = 5, chat_id = 60, title = "Ada Lovelace", last_id = 8, counter = 1,
    user = { name = "Ada", active = false },
    message = { id = 9, author_id = 5, text = "Hello", date = "2026-02-25T12:07:10+01:00" } },
  { id = 7, chat_id = 25 },
  { id = "chat18", title = "Team", chat = { type = "lines", mute_list = { ["1"] = true } } },
}
local ASKED = { me = 1, now = 1772017800, complete = true }
scenario("live channel", function()
  local live, err, info = codec.live(OFFLINE, 1)
  if not live then return nil, err, info end
  local steps = { { live:next(0, "go") }, { live:next(0, "config", PUSH, 1800000000) } }
  if steps[2][1] ~= "POLL" then return nil, "without memory it tries again later" end
  steps[3] = { live:next(10, "reply", { status = 200, body = FRAMES }) }
  if steps[3][1] ~= "POLL" then return nil, "the same" end
  return { steps, live:state(), live:request() }
end)
scenario("live share", function()
  collectgarbage() -- the claim of a run that failed
  local conf, err, info = codec.conf(OFFLINE)
  if not conf then return nil, err, info end
  local share, message, more = codec.live_share(conf)
  if not share then return nil, message, more end
  if not share:claim() or not share:note "here" then return nil, "it could not be noted" end
  local text = share:read()
  share:release()
  if not text then return nil, "it could not be read" end
  return { text }
end)
scenario("inbox", function() return { codec.inbox(counters, ROWS, ASKED) } end)
scenario("second look", function()
  local list = codec.inbox(counters, ROWS, ASKED)
  local commands = codec.inbox_questions(list, true)
  codec.inbox_answers(list, { people = { { id = 7, name = "Bob" } },
    nchat41 = { name = "Post", type = "comment" },
    w7 = { messages = { { id = 3, author_id = 7, unread = true,
      date = "2026-02-25T12:00:10+01:00" } } } }, ASKED)
  return { list, commands }
end)
scenario("why", function() return codec.why_parts(counters, codec.inbox(counters, ROWS, ASKED)) end)
scenario("shape", function()
  return codec.as_counters { chat = { 3, "4" }, tasksTask = { ["5"] = "1" }, chatUnread = { "7" } }
end)
scenario("counters", function()
  local answer, err, info = core.counters(CONF)
  return answer and { answer, by_number = answer.CHAT[18] }, err, info
end, "cold")
local limited_at = 0 -- seconds; far enough apart that the limiter always grants
scenario("limited call", function()
  limited_at = limited_at + 1000
  local call, err, info = codec.call({ webhook = webhook, allow_http = true, retries = 0,
    -- runs beside each other share no count
    runtime_dir = "/proc/b24", limiter = { rate = 0.1, burst = 1 } }, "profile")
  if not call then return nil, err, info end
  return { (call:next(limited_at, "go")) }
end)
scenario("core call", function()
  return core.call(CONF, "b24test.echo", { a = { 1, 2 }, b = "é" })
end)
scenario("core call with a file", function()
  return core.call(CONF, "b24test.echo", { a = codec.file "LICENSE" })
end)

scenario("limiter and log functions", function()
  local events = 0
  local answer, err, info = core.call({ webhook = webhook, allow_http = true, proxy = "",
    retries = 0, timeout = 5,
    limiter = { reserve = function() return 0 end }, log = function() events = events + 1 end },
      "profile")
  return answer and { answer, events > 0 }, err, info
end)

return scenarios
