-- A call whose credential is refused, as a machine: what it asks for, in which order, and what it
-- tells.

local codec = require "b24.codec"
local data = require "spec.support.data"
local tokens = require "spec.support.tokens"

local SERVER, GOOD, LOGIN = tokens.SERVER, tokens.GOOD, tokens.LOGIN
local NOTHING, SAVED = tokens.NOTHING, tokens.SAVED
local A1, R1, A2, R2, A3, R3 = tokens.A1, tokens.R1, tokens.A2, tokens.R2, tokens.A3, tokens.R3
local pair, given, refused, kept = tokens.pair, tokens.given, tokens.refused, tokens.kept
local words, play = tokens.words, tokens.play

local folder
local function new_conf(...) return tokens.conf(folder, ...) end

local function lost(sent)
  return { kind = "network", code = "REPLY_CUT", sent = sent,
    message = "at " .. SERVER .. "?x=" .. R1 }
end

describe("a refused token", function()
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  local first = { "send " .. A1, "reply", refused "expired_token" }
  local locked = { "load", "answer", NOTHING }

  local function member(id, more)
    local fields = { member_id = id }
    for name, value in pairs(more or {}) do fields[name] = value end
    return fields
  end

  -- name, rows after the refusal (functions of the conf's member id), what comes of it
  local scripts = {
    { "is refreshed, the pair saved, and the call repeated", function(id)
      return { first, locked, { "refresh " .. R1, "reply", given(A2, R2, member(id)) },
        { "save", "answer", SAVED }, { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "is renewed whatever else the answer says, and however", function(id)
      return { first, locked, { "refresh " .. R1, "reply", given(A2, R2, member(id, {
        scope = ("longname,"):rep(999), user_id = {}, status = true,
        client_endpoint = ("x"):rep(999), server_endpoint = false })) },
        { "save", "answer", SAVED }, { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "that another process has renewed is not refreshed again", function(id)
      return { first, { "load", "answer", kept(A2, R2, member(id)) },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "that another process renewed long ago is refreshed after all", function(id)
      return { first, { "load", "answer", kept(A2, R2, member(id)) },
        { "send " .. A2, "reply", refused "expired_token" },
        { "load", "answer", kept(A2, R2, member(id)) },
        { "refresh " .. R2, "reply", given(A3, R3, member(id)) }, { "save", "answer", SAVED },
        { "send " .. A3, "reply", GOOD }, { "DONE" } }
    end },
    { "whose successor is refused, too, is not refreshed twice", function(id)
      return { first, locked, { "refresh " .. R1, "reply", given(A2, R2, member(id)) },
        { "save", "answer", SAVED }, { "send " .. A2, "reply", refused "invalid_token" },
        { "DONE" } }
    end, { kind = "auth", code = "invalid_token", attempts = 2 } },
    { "is refreshed although it cannot be saved", function(id)
      return { first, locked, { "refresh " .. R1, "reply", given(A2, R2, member(id)) },
        { "save", "answer", { ok = false, value = "disk full: " .. R2 } },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "is asked for again, at once, when the answer is lost", function(id)
      return { first, locked, { "refresh " .. R1, "failed", lost(true) },
        { "refresh " .. R1, "reply", given(A2, R2, member(id)) }, { "save", "answer", SAVED },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "is asked for again when the answer is cut, or the server breaks", function(id)
      return { first, locked, { "refresh " .. R1, "reply", { status = 200, body = '{"access_' } },
        { "refresh " .. R1, "reply", { status = 502, body = "<html>" } }, { "SLEEP", "woke" },
        { "refresh " .. R1, "reply", given(A2, R2, member(id)) }, { "save", "answer", SAVED },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "is asked for three times, not more", function()
      return { first, locked, { "refresh " .. R1, "failed", lost(true) },
        { "refresh " .. R1, "failed", lost(true) }, { "SLEEP", "woke" },
        { "refresh " .. R1, "failed", lost(true) }, { "DONE" } }
    end, { kind = "network", code = "REPLY_CUT", retryable = true, text = "oauth.bitrix.info" } },
    { "is asked for again after a pause when the server is not there", function(id)
      return { first, locked, { "refresh " .. R1, "failed", lost(false) }, { "SLEEP", "woke" },
        { "refresh " .. R1, "reply", given(A2, R2, member(id)) }, { "save", "answer", SAVED },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "is looked for in the store again when the server takes it no more", function(id)
      return { first, locked, { "refresh " .. R1, "reply", refused("invalid_grant", 400) },
        { "load", "answer", kept(A2, R2, member(id, { seed = "another" })) },
        { "send " .. A2, "reply", GOOD }, { "DONE" } }
    end },
    { "ends in a log-in when nothing newer is there", function()
      return { first, locked, { "refresh " .. R1, "reply", refused("invalid_grant", 400) },
        locked, { "DONE" } }
    end, { kind = "auth", code = "invalid_grant", hint = LOGIN, retryable = false,
      text = "oauth.bitrix.info says so" } },
    { "ends in a log-in when the first answer was lost, and its pair with it", function()
      return { first, locked, { "refresh " .. R1, "failed", lost(true) },
        { "refresh " .. R1, "reply", refused("invalid_grant", 400) }, locked, { "DONE" } }
    end, { kind = "auth", code = "invalid_grant", hint = LOGIN } },
    { "of an application that is none", function()
      return { first, locked, { "refresh " .. R1, "reply", refused "invalid_client" }, { "DONE" } }
    end, { kind = "auth", code = "invalid_client", hint = "client_secret" } },
    { "of another application's refresh token, with HTTP 200", function()
      return { first, locked, { "refresh " .. R1, "reply", refused("wrong_client", 200) },
        { "DONE" } }
    end, { kind = "auth", code = "wrong_client", hint = "client_id" } },
    { "of a portal that has not paid", function()
      return { first, locked, { "refresh " .. R1, "reply", refused "PAYMENT_REQUIRED" },
        { "DONE" } }
    end, { kind = "denied", code = "PAYMENT_REQUIRED", hint = "plan" } },
    { "when somebody else answers for the server", function()
      return { first, locked,
        { "refresh " .. R1, "reply", { status = 302, location = "https://evil.example/?" .. R1 } },
        { "DONE" } }
    end, { kind = "http", code = "REDIRECT", hint = "token server" } },
    { "when the answer is for another portal", function()
      return { first, locked, { "refresh " .. R1, "reply", given(A2, R2, { member_id = "other" }) },
        { "DONE" } }
    end, { kind = "auth", code = "FOREIGN_GRANT", hint = LOGIN } },
    { "when the answer is no pair", function()
      return { first, locked, { "refresh " .. R1, "reply", given(A2, "") }, { "DONE" } }
    end, { kind = "decode", code = "BAD_GRANT" } },
    { "when an answer is longer than any token", function()
      return { first, locked, { "refresh " .. R1, "reply", given(("x"):rep(3000), R2) },
        { "DONE" } }
    end, { kind = "decode", code = "BAD_GRANT" } },
    { "when the store has somebody else's", function()
      return { first, { "load", "answer", kept(A2, R2, { member_id = "other" }) }, { "DONE" } }
    end, { kind = "config", code = "STORE_MISMATCH" } },
    { "when the store fails", function()
      return { first, { "load", "answer", { ok = false, value = "no Redis for " .. R1 } },
        { "DONE" } }
    end, { kind = "config", code = "STORE_FAILED", text = "no Redis for %*%*%*" } },
    { "when the store says why", function()
      return { first, { "load", "answer", { ok = true, message = "no table tokens" } }, { "DONE" } }
    end, { kind = "config", code = "STORE_FAILED", text = "no table tokens" } },
    { "when the store returns something else", function()
      return { first, { "load", "answer", { ok = true, value = R2 } }, { "DONE" } }
    end, { kind = "config", code = "STORE_FAILED", text = "no table" } },
    { "when what the store returns is no token", function()
      return { first, { "load", "answer", kept({}, R2) }, { "DONE" } }
    end, { kind = "config", code = "STORE_FAILED" } },
    { "cancelled while the store loads", function()
      return { first, { "load", "cancel" }, { "DONE" } }
    end, { kind = "closed", code = "CANCELLED" } },
    { "cancelled while the server is asked", function()
      return { first, locked, { "refresh " .. R1, "cancel" }, { "DONE" } }
    end, { kind = "closed", code = "CANCELLED" } },
    { "cancelled before the server is asked again, which does not say that", function()
      return { first, locked, { "refresh " .. R1, "failed", lost(false) }, { "SLEEP", "cancel" },
        { "DONE" } }
    end, { kind = "closed", code = "CANCELLED", text = "^b24: CANCELLED: [%l ]+$" } },
    { "past the deadline", function()
      return { first, { "load", "answer", NOTHING, 40 }, { "DONE" } }
    end, { kind = "timeout", code = "TIMEOUT" } },
  }

  for _, script in ipairs(scripts) do
    it(script[1], function()
      local conf, id = new_conf()
      local machine = codec.call(conf, "crm.deal.add", { a = 1 })
      local value, err, info = play(machine, script[2](id))
      if not script[3] then
        assert.equal("good", value)
        return
      end
      assert.is_nil(value)
      for name, expected in pairs(script[3]) do
        if name == "hint" then assert.truthy(info.hint:find(expected), info.hint)
        elseif name == "text" then assert.truthy(err:find(expected), err)
        else assert.equal(expected, info[name], name .. ": " .. err) end
      end
    end)
  end

  it("that was not saved is a matter for info, masked", function()
    for _, answer in ipairs { { ok = false, value = "no disk for " .. R2 }, { ok = true,
      message = "no disk for " .. A2 }, { ok = true, value = false } } do
      local conf, id = new_conf()
      local value, _, info = play(codec.call(conf, "profile"), { first, locked,
        { "refresh " .. R1, "reply", given(A2, R2, { member_id = id }) },
        { "save", "answer", answer }, { "send " .. A2, "reply", GOOD }, { "DONE" } })
      assert.equal("good", value)
      assert.truthy(info.store_error:find(answer.value ~= false and "no disk for %*%*%*"
        or "not saved"), info.store_error)
      assert.is_nil(select(3, play(codec.call(conf, "profile"), {
        { "send " .. A2, "reply", GOOD }, { "DONE" } })).store_error)
    end
  end)

  it("tells the store everything, and nothing of the application's secret", function()
    local conf, id = new_conf()
    local machine = codec.call(conf, "profile")
    machine:next(0, "go")
    machine:next(0, "reply", refused "expired_token")
    machine:next(0, "answer", NOTHING)
    local fresh = given(A2, R2, { member_id = id, expires = 1795682496 })
    local _, question = machine:next(0, "reply", fresh)
    local told = question.tokens
    assert.is_string(told.seed)
    told.seed = nil
    assert.same({ access_token = A2, refresh_token = R2, member_id = id, user_id = "7",
      client_endpoint = "https://portal.bitrix24.com/rest/", server_endpoint = SERVER .. "/rest/",
      expires = 1795682496 }, told)
  end)

  it("is not taken from the store if the conf's begin another history", function()
    local conf, id = new_conf()
    local machine = codec.call(conf, "profile")
    play(machine, { first, { "load", "answer", kept(A3, R3, { member_id = id, seed = "0123" }) },
      { "refresh " .. R1, "reply", given(A2, R2, { member_id = id }) }, { "save", "answer", SAVED },
      { "send " .. A2, "reply", GOOD }, { "DONE" } })
  end)

  it("is no reason to refresh for a code that means something else", function()
    for _, code in ipairs { "NO_AUTH_FOUND", "insufficient_scope", "authorization_error", "" } do
      local machine = codec.call((new_conf()), "profile")
      play(machine, { { "send " .. A1, "reply", refused(code) }, { "DONE" } })
    end
  end)

  it("is final where nothing can renew it", function()
    local fixed = assert(codec.conf { portal = "p.bitrix24.com", token = A1, limiter = false })
    local machine = codec.call(fixed, "profile")
    local _, _, info = play(machine, { first, { "DONE" } })
    assert.equal("expired_token", info.code)
    local pasted = assert(codec.conf { oauth = pair(A1, R1), limiter = false })
    play(codec.call(pasted, "profile"), { first, { "DONE" } })
  end)

  it("is not a matter for a command of a batch", function()
    local body = '{"result":{"result":[],"result_error":{"a":{"error":"expired_token"}}}}'
    play(codec.call((new_conf()), "batch"), {
      { "send " .. A1, "reply", { status = 200, body = body } }, { "DONE" } })
  end)

  it("is renewed by one call of a process; the others go on with what it got", function()
    local conf, id = new_conf()
    local one, other, third = codec.call(conf, "a"), codec.call(conf, "b"), codec.call(conf, "c")
    for _, machine in ipairs { one, other, third } do machine:next(0, "go") end
    assert.equal("load", words(one:next(0, "reply", refused "expired_token")))
    local action, pause = other:next(0, "reply", refused "expired_token")
    assert.same({ "SLEEP", true }, { action, pause < 1 })
    one:next(0, "answer", NOTHING)
    assert.equal("SLEEP", (other:next(pause, "woke")))
    one:next(1, "reply", given(A2, R2, { member_id = id }))
    assert.equal("send " .. A2, words(one:next(1, "answer", SAVED)))
    assert.equal("send " .. A2, words(other:next(1, "woke"))) -- it never asked the store
    -- and one that had not heard of the refusal yet
    assert.equal("send " .. A2, words(third:next(1, "reply", refused "expired_token")))
    -- nor has any later one
    assert.equal("send " .. A2, words(codec.call(conf, "d"):next(1, "go")))
  end)

  it("is renewed by the next when the one who did is given up", function()
    local conf = new_conf()
    local one, other = codec.call(conf, "a"), codec.call(conf, "b")
    for _, machine in ipairs { one, other } do machine:next(0, "go") end
    assert.equal("load", words(one:next(0, "reply", refused "expired_token")))
    assert.equal("SLEEP", (other:next(0, "reply", refused "expired_token")))
    assert.equal("DONE", (one:next(0, "cancel")))
    assert.equal("load", words(other:next(1, "woke")))
  end)

  it("is renewed by the next when the one who did was dropped", function()
    local conf = new_conf()
    local one, other = codec.call(conf, "a"), codec.call(conf, "b")
    for _, machine in ipairs { one, other } do machine:next(0, "go") end
    assert.equal("load", words(one:next(0, "reply", refused "expired_token")))
    assert.equal("SLEEP", (other:next(0, "reply", refused "expired_token")))
    one = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal("load", words(other:next(1, "woke")))
  end)

  it("waits for others until the deadline, not longer", function()
    local conf = new_conf(nil, { timeout = 2 })
    local one, other = codec.call(conf, "a"), codec.call(conf, "b")
    for _, machine in ipairs { one, other } do machine:next(0, "go") end
    one:next(0, "reply", refused "expired_token")
    local now, action, pause = 0, other:next(0, "reply", refused "expired_token")
    while action == "SLEEP" do
      now = now + pause
      action, pause = other:next(now, "woke")
    end
    assert.equal("DONE", action)
    assert.is_true(now < 2)
    local info = select(3, other:result())
    assert.same({ "timeout", true }, { info.kind, info.retryable })
    assert.is_truthy(one)
  end)
end)
