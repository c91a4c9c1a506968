--- b24.counters_all: the counters of many accounts side by side.

local by_side = require "b24.api.side"
local codec = require "b24.codec"
local blame = codec.blame

local counters_all = {}

local PARALLEL = 50 -- what a portal lets through at once
local MOST = 1000

-- The conf of one account, and its transport; or nil, err, info. A client stands for its own.
local function account(conf)
  local client = package.loaded["b24.client"]
  if client and client.is(conf) then
    if conf.conf then return conf.conf, conf.transport end
    return nil, codec.fault("closed", "CLOSED", "the client was closed",
      "Make a new one with b24.client(conf).", "im.counters.get")
  end
  local checked, err, info = codec.conf(conf)
  if checked then return checked, type(conf) == "table" and conf.transport or nil end
  info.method = "im.counters.get"
  return nil, nil, err, info
end

--- Checks all confs; throws what has a wrong type, and different transports.
---@param confs table
---@return table[] accounts {key=, conf=} or {key=, err=, info=}
---@return string? transport that the confs name
function counters_all.accounts(confs)
  if type(confs) ~= "table" then
    blame("b24: confs must be a table of accounts, not a " .. type(confs))
  end
  local list, transport = {}, nil
  for key, conf in pairs(confs) do
    local checked, named, err, info = account(conf)
    if named and named ~= "auto" then
      if transport and transport ~= named then
        blame(("b24: the accounts name different transports: \"%s\" and \"%s\""):format(transport,
          named))
      end
      transport = named
    end
    list[#list + 1] = { key = key, conf = checked, err = err, info = info }
  end
  return list, transport
end

local OPTIONS = { transport = "any", parallel = "any" }

---@param opts table?
---@return integer parallel
---@return string? transport
function counters_all.options(opts)
  local host = require "b24.wait.context"
  local transport = host.transport("b24.counters_all", opts, OPTIONS)
  local parallel = opts and opts.parallel or PARALLEL
  if type(parallel) ~= "number" or parallel % 1 ~= 0 or parallel < 1 or parallel > MOST then
    blame(("b24: option 'parallel' must be a whole number of 1 to %d, not %s"):format(MOST,
      tostring(parallel)))
  end
  return parallel, transport
end

local function ask(core, one, spent)
  if not one.conf then return { err = one.err, info = one.info } end
  local counters, err, info = require("b24.api.cache").counters(core, one.conf, spent)
  return { counters = counters, err = err, info = info }
end

--- Each worker asks one account after the other. An account's deadline counts from the beginning of
--- all, not from its turn.
---@param core table which has `spawn`
---@param accounts table[] of counters_all.accounts
---@param parallel integer
function counters_all.counters(core, accounts, parallel)
  local answers, begun = {}, codec.clock()
  local sum, failed = {}, 0
  by_side(core, #accounts, parallel, function(i)
    local one = accounts[i]
    local answer = ask(core, one, codec.clock() - begun)
    answers[one.key] = answer
    codec.add_cost(sum, answer.info, {})
    if not answer.counters then failed = failed + 1 end
  end)
  local info = codec.add_cost(sum, nil, { method = "im.counters.get", failed = failed })
  info.elapsed = codec.clock() - begun -- side by side: no sum
  return answers, nil, info
end

return counters_all
