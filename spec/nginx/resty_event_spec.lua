-- What Bitrix24 posts to a handler of events, in a real nginx.

local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

if nginx.skips(describe, pending, "b24.event in nginx") then return end

local TOKEN = "51856fefc120afa4b628cc82d3935cce"
local ANSWER = [[
  local options = %s
  local event, err, info = require("resty.b24").event(options)
  if not event then
    ngx.status = 400
    ngx.header.kind, ngx.header.code = info.kind, info.code
    return ngx.print(err)
  end
  ngx.print(require("cjson").encode(event))
]]

local function location(path, options, directives)
  return ("location = %s { %s content_by_lua_block { %s } }\n"):format(path, directives or "",
    ANSWER:format(options))
end

describe("b24.event in nginx", function()
  local server

  setup(function()
    server = nginx.start { workers = 1, server = location("/event",
      ("{ application_token = %q }"):format(TOKEN))
      .. location("/file", ("{ application_token = %q }"):format(TOKEN),
        "client_body_buffer_size 1k; client_body_in_file_only clean;")
      .. location("/many", ("{ application_token = { 'first', %q } }"):format(TOKEN))
      .. location("/asked", ("{ application_token = function(event) ngx.sleep(0.001) "
        .. "return event.auth.member_id == 'm1' and %q or nil end }"):format(TOKEN))
      .. location("/small", ("{ application_token = %q, max_body = 100 }"):format(TOKEN))
      .. location("/wrong", "{ aplication_token = 'x' }") }
  end)
  teardown(function() server:stop() end)

  local function curl(path, arguments)
    local pipe = io.popen(("curl -s -m 60 -D - %s http://127.0.0.1:%d%s"):format(arguments,
      server.port, path))
    local text = pipe:read "*a"
    pipe:close()
    local head, body = text:match "^(.-)\r\n\r\n(.*)$"
    -- curl sends "Expect: 100-continue" for long bodies
    if head:find "^HTTP/1.1 100" then head, body = body:match "^(.-)\r\n\r\n(.*)$" end
    return { status = tonumber(head:match "^HTTP/1.1 (%d+)"), body = body,
      code = head:match "code: ([^\r\n]*)", kind = head:match "kind: ([^\r\n]*)" }
  end

  local function post(path, form)
    local name = os.tmpname()
    process.write(name, form)
    local answer = curl(path, "--data-binary @" .. name)
    os.remove(name)
    return answer
  end

  local function body(more, token)
    return "event=ONIMBOTMESSAGEADD&ts=1466439714&auth[member_id]=m1&auth[application_token]="
      .. (token or TOKEN) .. (more or "")
  end

  it("is a table of what was posted", function()
    local answer = post("/event", body "&data[PARAMS][MESSAGE]=Hi+%D0%98&data[BOT][7][BOT_ID]=7")
    assert.equal(200, answer.status, answer.body)
    assert.same({ event = "ONIMBOTMESSAGEADD", ts = "1466439714",
      auth = { member_id = "m1", application_token = TOKEN },
      data = { PARAMS = { MESSAGE = "Hi И" }, BOT = { ["7"] = { BOT_ID = "7" } } } },
      cjson.decode(answer.body))
  end)

  it("is read from nginx's file too", function()
    local text = ("x"):rep(100000)
    local answer = post("/file", body("&data[T]=" .. text))
    assert.equal(200, answer.status, answer.body:sub(1, 200))
    assert.equal(text, cjson.decode(answer.body).data.T)
  end)

  it("must know the application_token", function()
    for _, token in ipairs { "", "x", TOKEN:sub(1, -2), TOKEN .. "0", TOKEN:upper() } do
      local answer = post("/event", body("", token))
      assert.same({ 400, "auth", "WRONG_APPLICATION_TOKEN" },
        { answer.status, answer.kind, answer.code })
      assert.is_nil(answer.body:find(TOKEN, 1, true))
    end
    assert.equal("auth", post("/event", "event=ONX&auth[a]=1").kind)
    assert.equal("auth", post("/event", "event=ONX&auth[application_token][]=" .. TOKEN).kind)
  end)

  it("is compared with all of a list, or with what a function answers", function()
    assert.equal(200, post("/many", body()).status)
    assert.equal(200, post("/many", body("", "first")).status)
    assert.equal("auth", post("/many", body("", "second")).kind)
    assert.equal(200, post("/asked", body()).status)
    assert.equal("auth", post("/asked", body():gsub("m1", "m2")).kind)
  end)

  it("is not too large, whether it says so or not", function()
    assert.equal("too_large", post("/small", body(("&x=1"):rep(30))).kind)
    local answer = curl("/small", "-H 'Transfer-Encoding: chunked' --data-binary '"
      .. body(("&x=1"):rep(30)) .. "'")
    assert.same({ "too_large", "EVENT_TOO_LARGE" }, { answer.kind, answer.code })
    assert.equal("too_large", post("/event", body(("x"):rep(300000))).kind)
  end)

  it("is a form that was posted", function()
    assert.truthy(curl("/event", "").body:find("it is no POST", 1, true))
    assert.truthy(curl("/event", "-H 'Content-Type: application/json' -d '{}'").body
      :find("it is no form", 1, true))
    assert.truthy(post("/event", "").body:find("it has no name", 1, true))
    assert.equal("BAD_EVENT", post("/event", "event=%ff").code)
  end)

  it("is asked for with the right options", function()
    assert.equal(500, post("/wrong", body()).status)
    local words = "b24: unknown option 'aplication_token' of event (there are: "
    assert.truthy(server:log():find(words, 1, true))
  end)
end)
