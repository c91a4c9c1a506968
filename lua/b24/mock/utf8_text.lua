-- Texts that may not be UTF-8.

local utf8_text = {}

local CHARACTERS = {
  "^[%z\1-\127]+",
  "^[\194-\223][\128-\191]",
  "^\224[\160-\191][\128-\191]",
  "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]",
  "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

local function end_of_character(text, position)
  for _, pattern in ipairs(CHARACTERS) do
    local _, last = text:find(pattern, position)
    if last then return last end
  end
end

-- Most texts are clean, which few searches show: with a blank in the place of each character, no
-- byte of one is left.
local function is_clean(text)
  for i = 2, #CHARACTERS do
    text = text:gsub(CHARACTERS[i]:sub(2), " ")
    if not text:find "[\128-\255]" then return true end
  end
  return false
end

--- The text with each byte that is not UTF-8 replaced by U+FFFD, and whether there was any.
---@param text string
---@return string
---@return boolean dirty
function utf8_text.clean(text)
  if not text:find "[\128-\255]" or is_clean(text) then return text, false end
  local out, position, dirty = {}, 1, false
  while position <= #text do
    local last = end_of_character(text, position)
    out[#out + 1] = last and text:sub(position, last) or "\239\191\189"
    dirty = dirty or not last
    position = (last or position) + 1
  end
  return table.concat(out), dirty
end

return utf8_text
