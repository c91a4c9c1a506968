-- Odd HTTP answers over cosockets: what libcurl makes of them, or the table says why not.

local mime = require "mime"
local nginx = require "spec.support.nginx"
local odd = require "spec.support.odd_answers"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

if nginx.skips(describe, pending, "in nginx an odd answer") then return end

local ASK = [[
  local odd = (function() %s end)()
  local client = assert(require "b24".client { webhook = %q, retries = 0, limiter = false,
    max_reply = odd.MAX_REPLY })
  return odd.outcomes(client), odd.cuts(client)]]

describe("in nginx an odd answer", function()
  local portal, server, outcomes, cuts
  setup(function()
    portal = start()
    server = nginx.start { workers = 1 }
    odd.serve(portal, mime.b64)
    local source = debug.getinfo(odd.serve, "S").source:match "^@(.*)$"
    outcomes, cuts = server:run(ASK:format(assert(process.read(source)),
      portal:webhook_for(portal.raw_port)))
  end)
  teardown(function()
    server:stop()
    portal:reset()
  end)

  for i, row in ipairs(odd.rows) do
    local wanted = row.nginx or row[3]
    it(("(%s) is: %s"):format(row[1], wanted), function() assert.equal(wanted, outcomes[i]) end)
  end

  for i, row in ipairs(odd.cut) do
    it(("cut behind each byte is told as such, %d"):format(i), function()
      assert.equal(row.nginx or row[2], cuts[i])
    end)
  end
end)
