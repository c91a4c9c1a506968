--- Templates such as '{messages} new': fields in braces, {{ for a brace.

local template = {}

local function list(fields)
  local words = {}
  for i, name in ipairs(fields) do words[i] = "{" .. name .. "}" end
  return table.concat(words, " ")
end

--- What is wrong with a template, or nil.
---@param format string
---@param fields string[] the names that it may have
---@param option string "--template", for the words
---@return string?
function template.problem(format, fields, option)
  local known = {}
  for _, name in ipairs(fields) do known[name] = true end
  for name in format:gsub("{{", ""):gmatch "{([^{}]*)}" do
    if not known[name] then
      return ("%s has no field {%s}; there are: %s, and {{ for a brace"):format(option, name,
        list(fields))
    end
  end
end

--- The text with the values of its fields.
---@param format string
---@param values table<string, string>
---@return string
function template.fill(format, values)
  return (format:gsub("{{", "\1"):gsub("{([%w_]+)}", values):gsub("\1", "{"))
end

return template
