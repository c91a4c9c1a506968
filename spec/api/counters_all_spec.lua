-- b24.counters_all in a plain interpreter: many accounts side by side. Over event loops:
-- loops_spec.
-- One Lua of each kind: real time.

local b24 = require "b24"
local calm = require "spec.support.calm"
local libcurl = require "spec.support.libcurl"
local start = require("spec.support.portal").start

describe("b24.counters_all", function()
  local portal
  setup(function() portal = start() end)
  before_each(function() portal:reset() end)

  local function conf(more)
    local all = { webhook = portal.webhook, ca_file = portal.ca_file, limiter = false, retries = 0 }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  it("answers under the keys of its confs, which may be tables, URLs and clients", function()
    local client = assert(b24.client(conf()))
    local answers, err, info = b24.counters_all { ann = conf(), [7] = client,
      url = "https://localhost:1/rest/1/x/" }
    assert.is_nil(err)
    assert.equal(14, answers.ann.counters.TYPE.ALL)
    assert.equal(14, answers[7].counters.TYPE.ALL)
    assert.same({ nil, "CONNECTION_REFUSED" }, { answers.url.counters, answers.url.info.code })
    assert.truthy(answers.url.err:find("CONNECTION_REFUSED", 1, true))
    assert.equal(1, info.failed)
    assert.equal("im.counters.get", info.method)
    assert.is_true(info.attempts >= 3 and info.elapsed >= 0)
  end)

  it("answers a list by its positions, and nobody when there is nobody", function()
    local answers = assert(b24.counters_all { conf(), conf(), {}, conf() })
    assert.same({ 14, 14, "NO_CREDENTIAL", 14 },
      { answers[1].counters.TYPE.ALL, answers[2].counters.TYPE.ALL, answers[3].info.code,
        answers[4].counters.TYPE.ALL })
    assert.equal(4, #answers)
    assert.same({}, (b24.counters_all {}))
  end)

  it("shares one HTTP/2 connection; over HTTP/1.1 opens one for each call side by side", function()
    local function connections(version, opts)
      local before = portal:stats().connections.https
      local confs = {}
      for i = 1, 30 do confs[i] = conf { http_version = version } end
      local _, _, info = b24.counters_all(confs, opts)
      assert.equal(0, info.failed)
      return portal:stats().connections.https - before
    end
    local few = connections("2")
    -- without a callback at the first connection libcurl before 7.80 may begin another
    local most = libcurl.version < libcurl.TELLS_OF_CONNECTIONS and 2 or 1
    assert.is_true(few >= 1 and few <= most, few .. " connections")
    local many = connections("1.1", { parallel = 4 })
    assert.is_true(many >= 1 and many <= 4, many .. " connections")
  end)

  it("waits side by side", function()
    portal:control("fault", { kind = "slow", delay = 0.3, times = 100 })
    local confs = {}
    for i = 1, 20 do confs[i] = conf() end
    local _, _, info = b24.counters_all(confs)
    assert.equal(0, info.failed)
    assert.is_true(portal:stats().most_at_once > 4, portal:stats().most_at_once)
  end)

  it("counts the deadlines of all accounts from its beginning, not from their turns", function()
    calm.check(portal, function()
      portal:control("fault", { kind = "slow", delay = 1.2, times = 100 })
      local confs = {}
      for i = 1, 4 do confs[i] = conf { timeout = i == 4 and 20 or 2 } end
      confs[3] = conf { timeout = 2, max_age = 1, stale_ok = false }
      local answers, _, info = b24.counters_all(confs, { parallel = 1 })
      assert.equal(2, info.failed)
      assert.equal(3, info.attempts)
      local failed = 0
      for i = 1, 4 do
        if answers[i].err then
          failed = failed + 1
          assert.equal("TIMEOUT", answers[i].info.code)
        end
      end
      assert.equal(2, failed)
      assert.is_table(answers[4].counters)
    end)
  end)

  it("says that a client was closed", function()
    local client = assert(b24.client(conf()))
    client:close()
    local answers = b24.counters_all { client }
    assert.equal("closed", answers[1].info.kind)
    assert.truthy(answers[1].err:find("CLOSED", 1, true))
  end)

  it("throws wrong types at the caller's line", function()
    for _, row in ipairs {
      { "b24: confs must be a table of accounts, not a string", "https://localhost:1/rest/1/x/" },
      { "b24: conf must be a table, a webhook URL or nil, not a boolean", { true } },
      { "b24: unknown option 'time_out' (there are: ", { { time_out = 1 } } },
      { "b24: option 'parallel' must be a whole number of 1 to 1000, not 0", {}, { parallel = 0 } },
      { "b24: option 'parallel' must be a whole number of 1 to 1000, not many", {},
        { parallel = "many" } },
      { "b24: unknown option 'paralel' of b24.counters_all (there are: parallel, transport; ", {},
        { paralel = 3 } },
      { "b24: the options of b24.counters_all must be a table, not a number", {}, 5 },
      { "b24: option 'transport' must be \"auto\", \"blocking\", \"uv\", \"cqueues\" or \"glib\", "
        .. "not thread", {},
        { transport = "thread" } },
      { "b24: the accounts name different transports: ",
        { conf { transport = "uv" }, conf { transport = "blocking" } } },
    } do
      local ok, err = pcall(function()
        local answers = b24.counters_all(row[2], row[3])
        return answers
      end)
      assert.is_false(ok, row[1])
      local place, words = err:match "^([^:]*:%d+: )(.*)$"
      assert.truthy(place and place:find("counters_all_spec.lua", 1, true), err)
      assert.equal(row[1], words:sub(1, #row[1]))
    end
    assert.equal(0, #portal:log())
  end)
end)
