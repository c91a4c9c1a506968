--- The mock portal's REST, asked without b24: for specs about the portal itself.
---
---     local rest = require("spec.support.rest").new(portal)
---     rest.result("crm.deal.get", { id = 7 }).TITLE

local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"

local M = {}

---@class spec.Rest
---@field post fun(method: string, params?: table|string, headers?: table): any, integer, string
---@field result fun(method: string, params?: table): any
---@field failure fun(method: string, params?: table): string "CODE STATUS"

--- `base`: where the methods are; the portal's webhook unless it is given.
---@param portal Portal
---@param base? string
---@return spec.Rest
function M.new(portal, base)
  local rest = {}

  -- The answer (decoded, if it is JSON), its status and its text.
  function rest.post(method, params, headers)
    local body, parts, sent = params, {}, { ["content-type"] = "application/json" }
    if type(params) ~= "string" then
      body = params and next(params) ~= nil and cjson.encode(params) or "{}"
    end
    for name, value in pairs(headers or {}) do sent[name] = value end
    sent["content-length"] = #body
    local url = method:find("^http:") and method or (base or portal.http_webhook) .. method
    local _, status = http.request { url = url, method = "POST", headers = sent,
      source = ltn12.source.string(body), sink = ltn12.sink.table(parts) }
    local text = table.concat(parts)
    local ok, answer = pcall(cjson.decode, text)
    return ok and answer or nil, status, text
  end

  function rest.result(method, params)
    local answer = rest.post(method, params)
    return answer.result
  end

  function rest.failure(method, params)
    local answer, status = rest.post(method, params)
    return tostring(answer.error) .. " " .. status
  end

  return rest
end

return M
