-- b24 itself: call.lua WEBHOOK METHOD N [CA_FILE [CA_PATH]]; "" for none.
local b24 = require "b24"
local loop = require "loop"

local function given(text) return text ~= "" and text or nil end

local client = assert(b24.client {
  limiter = false,
  webhook = arg[1], ca_file = given(arg[4]), ca_path = given(arg[5]), allow_http = true,
})
loop(tonumber(arg[3]), function() assert(client:call(arg[2])) end)
