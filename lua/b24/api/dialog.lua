--- What the calls about one dialog share: its id, their options, and what they answer.

local codec = require "b24.codec"
local blame = codec.blame

local dialog = {}

local PATTERNS = { "^%d+$", "^chat%d+$", "^sg%d+$", "^crm|%w+|%d+$" }

--- The id as the portal wants it; or nil: it cannot be one. A wrong type is thrown.
function dialog.id(id)
  if type(id) == "number" then
    if id % 1 ~= 0 then return nil end
    id = ("%.0f"):format(id)
  elseif type(id) ~= "string" then
    blame("b24: dialog_id must be a string or a number, not a " .. type(id))
  end
  id = id:lower()
  for _, pattern in ipairs(PATTERNS) do
    if id:find(pattern) and id:find "[1-9]" then return id end
  end
end

--- It is not repeated in the message: it may be a webhook's URL, given by mistake.
function dialog.no_dialog(method)
  return codec.fault("config", "BAD_DIALOG_ID", "this is no dialog id",
    "A dialog id is the id of a user (547), or like chat18 or sg3.", method)
end

--- A failure that the answer tells; `info` is that of the call.
function dialog.failure(info, ...)
  local _, err, fault = codec.fault(...)
  for name, value in pairs(fault) do
    if name ~= "attempts" and name ~= "waited" and name ~= "elapsed" then info[name] = value end
  end
  info.sent = true
  return nil, err, info
end

--- The portal answered, but not what the method promises: nobody knows what it did.
function dialog.bad_result(method, info, message, hint)
  return dialog.failure(info, "decode", "BAD_RESULT", message, hint, method)
end

--- The cost of one more request on top of the others'.
function dialog.sum(total, info)
  return codec.add_cost(total or {}, info)
end

--- A body that asks nobody.
function dialog.refuse(...)
  local answer = { ... }
  return function() return answer[1], answer[2], answer[3] end
end

return dialog
