-- lua-cjson's names over dkjson, for specs on a Lua that has no lua-cjson (5.5 in Debian).

local dkjson = require "dkjson"

local null = require("b24.codec").null -- the lightuserdata NULL, as cjson.null

local function fit_for_dkjson(value)
  if value == null then return dkjson.null end
  if type(value) ~= "table" then return value end
  local out = {}
  for key, item in pairs(value) do out[key] = fit_for_dkjson(item) end
  return out
end

return {
  null = null,
  encode = function(value) return dkjson.encode(fit_for_dkjson(value)) end,
  decode = function(text)
    local value, _, message = dkjson.decode(text, 1, null, nil, nil)
    if message then error(message, 2) end
    return value
  end,
}
