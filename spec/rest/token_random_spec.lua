-- Many processes with one pair of tokens, by chance: calls in a time that is handed in, a token
-- server that knows which pair is good, answers that get lost. Each conf is a process as far as the
-- store can tell: it opens the files anew, and shares nothing else.
-- One Lua of each kind: processes.

local codec = require "b24.codec"
local data = require "spec.support.data"

local PROCESSES, BURSTS, CALLS, ROUNDS = 6, 5, 8, 25 -- calls in each burst
local SEED = tonumber(os.getenv "B24_TOKENS_SEED") or 271828

local folder
local stores = 0

local function hex(random) return ("%07x"):format(random(0xfffffff)):rep(4) end

-- The server and the portal. grace: the refresh token before the last works as long as its
-- successor has not been seen.
local function new_server(random, grace)
  local self = { refreshes = 0, under_way = 0, most = 0 }
  local pair, before

  local function renew()
    before = pair and { refresh_token = pair.refresh_token, seen = false }
    pair = { access_token = hex(random), refresh_token = hex(random), member_id = "m", user_id = 1,
      client_endpoint = "https://portal.bitrix24.com/rest/" }
    return pair
  end

  -- What a log-in brought.
  function self.first()
    local copy = {}
    for name, value in pairs(renew()) do copy[name] = value end
    return copy
  end

  function self.expire() pair.expired = true end

  -- The portal's answer to a call.
  function self.call(token)
    if token ~= pair.access_token or pair.expired then
      return { status = 401, body = '{"error":"expired_token"}' }
    end
    if before then before.seen = true end
    return { status = 200, body = '{"result":true}' }
  end

  -- The token server's to a refresh.
  function self.refresh(token)
    self.refreshes = self.refreshes + 1
    local again = grace and before and token == before.refresh_token and not before.seen
    if token ~= pair.refresh_token and not again then
      return { status = 400, body = '{"error":"invalid_grant"}' }
    end
    local old = again and before or nil
    local new = renew()
    if old then before = old end -- the one whose successors nobody has seen
    return { status = 200, body = codec.encode { access_token = new.access_token,
      refresh_token = new.refresh_token, member_id = "m", user_id = 1,
      client_endpoint = new.client_endpoint } }
  end

  function self.good() return pair.refresh_token end

  return self
end

-- One after the other in the order of time: { at =, run = function(now) } in `queue`.
local function run_in_order(queue)
  local steps = 0
  while #queue > 0 do
    local first = 1
    for i = 2, #queue do
      if queue[i].at < queue[first].at then first = i end
    end
    local event = table.remove(queue, first)
    event.run(event.at)
    steps = steps + 1
    assert(steps < 1e5, "it never ends")
  end
end

-- Returns how the calls ended: a count for each code, "good" for those that did not fail.
local function simulate(random, server, opts)
  stores = stores + 1
  local path = ("%s/app%d"):format(folder, stores)
  local oauth = server.first()
  oauth.client_id, oauth.client_secret, oauth.store = "local.1", "s3cr3tOfTheApp", path
  local queue, ended = {}, {}

  local function later(now, run)
    queue[#queue + 1] = { at = now + random(400) / 1000, run = run }
  end

  local function new_conf()
    return assert(codec.conf { oauth = oauth, limiter = false, retries = 0, timeout = 600 })
  end

  local function step(machine, now, event, told)
    local action, payload = machine:next(now, event, told)
    if action == "SLEEP" then
      queue[#queue + 1] = { at = now + payload, run = function(at) step(machine, at, "woke") end }
    elseif action == "DONE" then
      local info = select(3, machine:result())
      local code = info.code or "good"
      ended[code] = (ended[code] or 0) + 1
    elseif payload.verb == "POST" then
      later(now, function(at)
        local token = payload.headers.Authorization:match "Bearer (.*)"
        step(machine, at, "reply", server.call(token))
      end)
    else
      server.under_way = server.under_way + 1
      server.most = math.max(server.most, server.under_way)
      later(now, function(at)
        server.under_way = server.under_way - 1
        local chance = random(100)
        if chance <= opts.unsent then
          return step(machine, at, "failed", { kind = "network", code = "X", sent = false })
        end
        local answer = server.refresh(payload.url:match "refresh_token=(%x+)$")
        if chance <= opts.unsent + opts.lost then
          return step(machine, at, "failed", { kind = "network", code = "X", sent = true })
        end
        step(machine, at, "reply", answer)
      end)
    end
  end

  local confs = {}
  for i = 1, PROCESSES do confs[i] = new_conf() end
  for burst = 1, BURSTS do -- an hour is over, and everybody wants something
    queue[#queue + 1] = { at = burst * 100, run = server.expire }
    for i = 1, CALLS do
      local process = random(PROCESSES)
      queue[#queue + 1] = { at = burst * 100 + random(600) / 1000, run = function(now)
        if random(5) == 1 then confs[process] = new_conf() end -- it was started again
        step(codec.call(confs[process], i % 2 == 0 and "profile" or "crm.deal.add"), now, "go")
      end }
    end
  end
  run_in_order(queue)
  return ended, path
end

local function kept(path)
  local file = io.open(path)
  local text = file and file:read "*a"
  if file then file:close() end
  return text and codec.decode(text).refresh_token
end

describe("random processes with one pair", function()
  setup(function() folder = data.folder() end)
  teardown(function() data.remove_folder(folder) end)

  -- name, lost, unsent (of a hundred requests to the token server), grace
  local worlds = {
    { "in a good network", 0, 0, false },
    { "with a token server that is not always there", 0, 20, false },
    { "with answers that get lost, and a server that forgives", 20, 0, true },
    { "with answers that get lost, and a server that does not", 20, 10, false },
  }

  for _, world in ipairs(worlds) do
    local name, lost, unsent, grace = world[1], world[2], world[3], world[4]

    it(name, function()
      print(("\nrandom tokens: B24_TOKENS_SEED=%d, %d rounds %s"):format(SEED, ROUNDS, name))
      local random = data.random(SEED)
      for round = 1, ROUNDS do
        local server = new_server(random, grace)
        local ended, path = simulate(random, server, { lost = lost, unsent = unsent })
        local all = 0
        for code, count in pairs(ended) do
          all = all + count
          local fits = code == "good" or (code == "X" and lost + unsent > 0)
            or (code == "invalid_grant" and lost > 0 and not grace)
          assert.is_true(fits, ("%s in round %d"):format(code, round))
        end
        assert.equal(BURSTS * CALLS, all)
        assert.is_true(server.most <= 1, "two refreshes at once")
        if lost + unsent == 0 then
          assert.equal(BURSTS, server.refreshes)
          assert.same({ good = BURSTS * CALLS }, ended)
        end
        -- A pair that the server honours is not lost; and the lock is nobody's.
        if server.refreshes > 0 and not ended.invalid_grant and not ended.X then
          assert.equal(server.good(), kept(path))
        end
        assert.is_nil(io.open(path .. "+new"))
      end
    end)
  end
end)
