-- b24's own store of tokens, as calls use it: what others do to its files, log-ins and log-outs,
-- and a refresh token that is dead. Each conf is a process: it opens the files anew.

local codec = require "b24.codec"
local data = require "spec.support.data"
local process = require "spec.support.process"
local tokens = require "spec.support.tokens"

local A1, R1, A2, R2, A3, R3 = tokens.A1, tokens.R1, tokens.A2, tokens.R2, tokens.A3, tokens.R3
local EXPIRED = tokens.refused "expired_token"

describe("the store of an application's tokens", function()
  local folder, path
  before_each(function()
    folder = data.folder()
    path = folder .. "/app"
  end)
  after_each(function() data.remove_folder(folder) end)

  local function text(access, refresh, more)
    local fields = tokens.pair(access, refresh, more)
    fields.client_id, fields.client_secret = "local.1", tokens.CLIENT_SECRET
    return codec.encode(fields)
  end

  local function write(access, refresh, more, name)
    data.write(name or path, text(access, refresh, more), "600")
  end

  local function stored(name)
    local found = process.read(name or path)
    return found and codec.decode(found)
  end

  -- One process: a conf with these tokens, or with those of the file alone.
  local function new_process(oauth)
    oauth = oauth or {}
    oauth.store = oauth.store or path
    return assert(codec.conf { oauth = oauth, limiter = false, retries = 0 })
  end

  local function pasted(access, refresh)
    return tokens.pair(access, refresh, { client_id = "local.1",
      client_secret = tokens.CLIENT_SECRET })
  end

  -- A call whose token has just been refused: the machine, and what it wants then.
  local function refused(conf, access)
    local machine = codec.call(conf, "profile")
    assert.equal("send " .. access, tokens.words(machine:next(0, "go")))
    return machine, tokens.words(machine:next(0.1, "reply", EXPIRED))
  end

  -- The token server answers; the call is sent again and succeeds.
  local function renews(machine, access, refresh)
    assert.equal("send " .. access,
      tokens.words(machine:next(0.2, "reply", tokens.given(access, refresh))))
    assert.equal("DONE", (machine:next(0.3, "reply", tokens.GOOD)))
    local value, err, info = machine:result()
    assert.equal("good", value, err)
    tokens.hide(info)
    return info
  end

  local function failure(machine)
    local _, err, info = machine:result()
    tokens.hide(err, info)
    return info.code, info, err
  end

  -- Files ----------------------------------------------------------------------------------------

  describe("is not blocked when its lock", function()
    it("has another name", function()
      write(A1, R1)
      data.write(path .. "+new", "", "600")
      data.shell(("ln %s+new %s/backup"):format(path, folder))
      local machine, wanted = refused(new_process(), A1)
      assert.equal("refresh " .. R1, wanted)
      renews(machine, A2, R2)
      assert.equal(R2, stored().refresh_token)
      assert.equal("", process.read(folder .. "/backup")) -- the tokens are in one file
    end)

    it("was left with a pair by a process that was killed, and has another name", function()
      write(A1, R1)
      write(A2, R2, nil, path .. "+new")
      data.shell(("ln %s+new %s/backup"):format(path, folder))
      assert.equal("send " .. A2, select(2, refused(new_process(), A1)))
      assert.equal(R2, stored().refresh_token)
      assert.is_nil(process.read(path .. "+new"))
    end)

    it("is the store itself", function()
      write(A1, R1)
      data.shell(("ln %s %s+new"):format(path, path))
      local machine, wanted = refused(new_process(), A1)
      assert.equal("refresh " .. R1, wanted)
      assert.equal(R1, stored().refresh_token)
      renews(machine, A2, R2)
      assert.equal(R2, stored().refresh_token)
    end)
  end)

  it("is not that of a profile called new, or of another that is named after it", function()
    write(A1, R1)
    local names = { "new", "login", "lock", "old" }
    for _, name in ipairs(names) do write(A3, R3, nil, path .. "." .. name) end
    renews(refused(new_process(), A1), A2, R2)
    assert.equal(R2, stored().refresh_token)
    for _, name in ipairs(names) do
      assert.equal(R3, stored(path .. "." .. name).refresh_token)
    end
  end)

  it("has a lock that ends with the coroutine that had it", function()
    write(A1, R1)
    local dead = refused(new_process(), A1)
    local machine, action = refused(new_process(), A1)
    assert.equal("SLEEP", action)
    dead = dead and nil -- luacheck: ignore 311
    local now = 0.1
    while action == "SLEEP" do
      now = now + 0.025
      action = tokens.words(machine:next(now, "woke"))
    end
    assert.equal("refresh " .. R1, action)
    renews(machine, A2, R2)
  end)

  it("says that its lock was lost", function()
    write(A1, R1)
    local machine = refused(new_process(), A1)
    os.remove(path .. "+new")
    local info = renews(machine, A2, R2)
    assert.truthy(info.store_error:find("its lock was removed", 1, true), info.store_error)
  end)

  it("that could not be written has the older pair", function()
    write(A1, R1)
    local conf = new_process()
    local machine = refused(conf, A1)
    os.remove(path .. "+new")
    renews(machine, A2, R2)
    assert.equal(R1, stored().refresh_token)
    local again, wanted = refused(conf, A2)
    assert.equal("refresh " .. R2, wanted) -- the one that the server honours
    renews(again, A3, R3)
    assert.equal(R3, stored().refresh_token)
  end)

  it("is where a symbolic link leads, and its lock too", function()
    data.shell(("mkdir -m 700 %s/real"):format(folder))
    write(A1, R1, nil, folder .. "/real/tokens")
    data.shell(("ln -s real/tokens %s"):format(path))
    local machine = refused(new_process(), A1)
    assert.is_nil(process.read(path .. "+new"))
    assert.equal("SLEEP", select(2, refused(new_process { store = folder .. "/real/tokens" }, A1)))
    renews(machine, A2, R2)
    assert.equal(R2, stored(folder .. "/real/tokens").refresh_token)
    assert.equal("real/tokens\n", data.shell("readlink " .. path))
  end)

  it("is no link that leads nowhere", function()
    data.shell(("ln -s nothing %s; ln -s app %s/app.x"):format(path, folder))
    for _, store in ipairs { path, path .. ".x" } do
      local _, err, info = codec.conf { oauth = { store = store } }
      assert.equal("BAD_FILE", info.code)
      assert.truthy(err:find("symbolic link", 1, true), err)
    end
  end)

  -- Log-ins and log-outs -------------------------------------------------------------------------

  it("that was removed is a log-out: its tokens do not come back", function()
    write(A1, R1)
    local conf = new_process()
    os.remove(path)
    local machine, wanted = refused(conf, A1)
    assert.equal("DONE", wanted)
    local code, info = failure(machine)
    assert.same({ "NO_CREDENTIAL", "config" }, { code, info.kind })
    assert.truthy(info.hint:find "b24 login %-%-app")
    assert.same({}, { process.read(path), process.read(path .. "+new") })
  end)

  it("that was removed is a log-out for who has filled it, too", function()
    local conf = new_process(pasted(A1, R1))
    renews(refused(conf, A1), A2, R2)
    assert.equal(R2, stored().refresh_token)
    os.remove(path)
    assert.equal("DONE", select(2, refused(conf, A2)))
    assert.is_nil(stored())
  end)

  it("has the tokens of a later log-in for who runs already", function()
    write(A1, R1, { seed = "one" })
    local conf = new_process()
    write(A2, R2, { seed = "two" })
    assert.equal("send " .. A2, select(2, refused(conf, A1)))
    assert.equal(R2, stored().refresh_token)
  end)

  it("has them for who has filled it, too", function()
    local conf = new_process(pasted(A1, R1))
    renews(refused(conf, A1), A2, R2)
    write(A3, R3, { seed = "another" })
    assert.equal("send " .. A3, select(2, refused(conf, A2)))
    assert.equal(R3, stored().refresh_token)
  end)

  -- A dead refresh token -------------------------------------------------------------------------

  local function dies(conf, access)
    local machine = refused(conf, access)
    assert.equal("DONE", (machine:next(0.2, "reply", tokens.refused("invalid_grant", 400))))
    assert.equal("invalid_grant", (failure(machine)))
  end

  it("remembers that the server refuses the refresh token, so that nobody asks again", function()
    write(A1, R1)
    local conf = new_process()
    dies(conf, A1)
    assert.equal(R1, stored().refresh_token)
    for _, one in ipairs { conf, new_process() } do
      local machine, wanted = refused(one, A1)
      assert.equal("DONE", wanted)
      local code, info, err = failure(machine)
      assert.same({ "invalid_grant", "auth" }, { code, info.kind })
      assert.truthy(info.hint:find "b24 login %-%-app again", err)
    end
    assert.is_nil(process.read(path .. "+new"))
  end)

  it("remembers it of tokens that were pasted", function()
    dies(new_process(pasted(A1, R1)), A1)
    assert.equal("DONE", select(2, refused(new_process(pasted(A1, R1)), A1)))
    assert.equal("refresh " .. R2, select(2, refused(new_process(pasted(A2, R2)), A2)))
  end)

  it("forgets it after an hour, and with a new log-in", function()
    write(A1, R1)
    dies(new_process(), A1)
    local mark, since = stored().dead:match "^(%x+) (%d+)$"
    for _, seconds in ipairs { -3601, 60 } do -- long ago; by a clock that was wrong
      write(A1, R1, { dead = ("%s %.0f"):format(mark, since + seconds) })
      local other, wish = refused(new_process(), A1)
      assert.equal("refresh " .. R1, wish)
      other:next(0.2, "cancel") -- and gives the lock back
    end
    write(A1, R2, { dead = ("%s %.0f"):format(mark, since) })
    local machine, wanted = refused(new_process(), A1)
    assert.equal("refresh " .. R2, wanted)
    renews(machine, A2, R3)
    assert.is_nil(stored().dead)
  end)

  it("does not remember what the server says of the application, or of too many calls", function()
    write(A1, R1)
    for _, code in ipairs { "invalid_client", "PAYMENT_REQUIRED", "QUERY_LIMIT_EXCEEDED" } do
      local machine, wanted = refused(new_process(), A1)
      assert.equal("refresh " .. R1, wanted)
      machine:next(0.2, "reply", tokens.refused(code))
      machine:next(0.2, "cancel")
      assert.is_nil(stored().dead)
    end
  end)
end)
