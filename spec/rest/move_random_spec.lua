-- Redirects in any order with failures and answers: requests go to the conf's own address and to
-- names of its zone that the portal has named, calls end, and what is remembered has answered well.
-- B24_SEED=N repeats a run.

local codec = require "b24.codec"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"
local OURS = { ["home.bitrix24.ru"] = true, ["n1.bitrix24.ru"] = true, ["n2.bitrix24.ru"] = true }

it("random redirects, failures and answers lead nowhere else", function()
  local seed = tonumber(os.getenv "B24_SEED") or os.time()
  local random = data.random(seed % 2147483646 + 1)
  local function pick(list) return list[random(#list)] end
  local targets = { "https://n1.bitrix24.ru", "https://n2.bitrix24.ru", "https://home.bitrix24.ru",
    "https://evil.example",
    "https://n1.bitrix24.com", "http://n2.bitrix24.ru", "//n1.bitrix24.ru",
    "https://n1.bitrix24.ru:8443" }
  local bodies = { { 200, '{"result":true}' }, { 200, "<html>" }, { 502, "" }, { 503, "" },
    { 500, '{"error":"INTERNAL_SERVER_ERROR"}' },
    { 503, '{"error":"QUERY_LIMIT_EXCEEDED"}' }, { 401, '{"error":"INVALID_CREDENTIALS"}' },
    { 429, "" } }
  local failures = { { "network", "CONNECTION_REFUSED", false }, { "network", "REPLY_CUT", true },
    { "tls", "CERTIFICATE_NAME", false }, { "timeout", "TIMEOUT", true },
    { "timeout", "TIMEOUT", false } }

  for round = 1, 300 do
    local words = ("seed %d, round %d"):format(seed, round)
    local conf = assert(codec.conf { webhook = "https://home.bitrix24.ru" .. PATH, limiter = false,
      retries = random(4) - 1 })
    local answered, now = nil, 0 -- answered: the address of the last good answer, until it fails
    for _ = 1, 6 do
      local call = codec.call(conf, "profile")
      local action, request = call:next(now, "go")
      local first, at, sent = true, nil, 0
      while action ~= "DONE" do
        if action == "SLEEP" then
          now = now + request
          action, request = call:next(now, "woke")
        else
          assert.equal("SEND", action, words)
          sent = sent + 1
          assert.is_true(sent < 50, words)
          at = request.url:match "^https://([^/]+)/"
          assert.is_true(OURS[at], words)
          if first then assert.equal(answered or "home.bitrix24.ru", at, words) end
          first = false
          now = now + 0.01
          local event = random(3)
          if event == 1 then
            local location = pick(targets) .. PATH .. "profile"
            action, request = call:next(now, "reply",
              { status = 302, body = "", location = location })
          elseif event == 2 then
            local failure = pick(failures)
            action, request = call:next(now, "failed", { kind = failure[1], code = failure[2],
              sent = failure[3] })
          else
            local body = pick(bodies)
            action, request = call:next(now, "reply", { status = body[1], body = body[2] })
          end
        end
      end
      local value, err, info = call:result()
      assert.is_nil(data.leak(SECRET, err, info), words)
      if value then
        answered = at
      else -- kept or forgotten, but never another one
        local _, next_request = codec.call(conf, "profile"):next(now, "go")
        local there = next_request.url:match "^https://([^/]+)/"
        assert.is_true(there == answered or there == "home.bitrix24.ru", words)
        answered = there
      end
    end
  end
end)
