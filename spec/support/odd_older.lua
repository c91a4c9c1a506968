--- What older versions of libcurl make of the odd answers of spec/support/odd_answers.lua: they
--- look less closely. Run with 7.74 and 7.81. Not with 7.82 to 7.87: 7.83 refuses folded lines.

local TAKEN, CUT = "7", "network REPLY_CUT"

return {
  [0x075100] = { -- before 7.81
    ["a status of four digits"] = TAKEN, ["HTTP/1.2"] = TAKEN, ["HTTP/0.9 by its number"] = TAKEN,
    ["HTTP/3.0 as text"] = TAKEN,
  },
  [0x075300] = { -- before 7.83, which stores the lines of a header
    ["a trailer without a colon"] = TAKEN, ["a first line that is folded"] = TAKEN,
    ["no colon"] = TAKEN, ["no colon, at once"] = TAKEN, ["NUL in a value"] = TAKEN,
    ["NUL in a name"] = TAKEN, ["CR in a name"] = TAKEN, ["a CR before a length"] = TAKEN,
    ["no colon, and the end behind it"] = CUT,
  },
}
