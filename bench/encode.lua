-- One encoder over and over, with the params of a chat message: encode.lua codec|cjson N
local loop = require "loop"

local encode = arg[1] == "cjson" and require("cjson").encode or require("b24.codec").encode
local params = {
  DIALOG_ID = "chat42", SYSTEM = "N",
  MESSAGE = 'Deploy finished: 12 tests, 3 "warnings"\n'
    .. "see https://example.com/ci/4711 \226\128\148 ok",
  ATTACH = { { LINK = { NAME = "CI", LINK = "https://example.com/ci" } },
    { DELIMITER = { SIZE = 200, COLOR = "#c6c6c6" } } },
  TAGS = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
}
loop(tonumber(arg[2]), function() assert(encode(params)) end)
