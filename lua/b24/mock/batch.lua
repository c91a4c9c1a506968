-- The method batch: many commands, one request.

local form = require "b24.mock.form"
local php = require "b24.mock.php"
local references = require "b24.mock.references"

local batch = {}

local MAX_COMMANDS = 50
local NOT_ALLOWED = { batch = true, ["rest.download"] = true, ["rest.upload"] = true }
local PARTS = { "result", "next", "total", "time", "error" }

-- As PHP's parse_url, which takes a command for a URL: raw control characters become "_", "#" ends
-- it, and something like a scheme in front is lost.
local function split_command(text)
  text = text:gsub("[%z\1-\31\127]", "_"):gsub("#.*$", "")
  local path, query = text:match("^([^?]*)%??(.*)$")
  return path:gsub("^[%w+.-]+:", ""), query
end

local function failure(code, description)
  return php.map("error", code, "error_description", description)
end

local function run_command(call, text, done)
  local method, query = split_command(text)
  local params = references.fill(form.decode(query, php.array()), done)
  if NOT_ALLOWED[method:lower()] then
    return failure("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
  end
  local command = setmetatable({ method = method:lower(), params = params, nested = true },
    { __index = call })
  local body, _, problem = call.invoke(command)
  return body or problem
end

-- Each member of a command's answer goes into the part of its name, under the command's key.
local function collect(done, key, body)
  for name, value in body:each() do
    if not done:get(name) then done:set(name, php.array()) end
    done:get(name):set(key, name == "error" and body or value)
  end
end

--- The result of batch. It is a success even when all its commands fail.
---@param call table
---@return table
function batch.run(call)
  local params, done, count = php.upper_keys(call.params), php.array(), 0
  for _, name in ipairs(PARTS) do done:set(name, php.array()) end
  local commands = params:get("CMD")
  for key, text in (php.is_array(commands) and commands or php.array()):each() do
    count = count + 1
    local body
    if count > MAX_COMMANDS then
      body = failure("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    elseif type(text) == "string" then -- others are skipped without a word
      body = run_command(call, text, done)
    end
    if body then
      collect(done, key, body)
      if body:get("error") and php.truthy(params:get("HALT")) then break end
    end
  end
  return php.map("result", done:get("result"), "result_error", done:get("error"), "result_total",
    done:get("total"), "result_next", done:get("next"), "result_time", done:get("time"))
end

return batch
