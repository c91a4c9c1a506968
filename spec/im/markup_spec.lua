-- codec.readable: what people see of a message's markup.

local codec = require "b24.codec"
local data = require "spec.support.data"

local RULE = ("-"):rep(54)

local CASES = {
  -- names and links
  { "[USER=5]Anna[/USER], is it done?", "Anna, is it done?" },
  { "[USER=503 REPLACE]Klaus Weber[/USER] invited [user=547]Anna[/user]",
    "Klaus Weber invited Anna" },
  { "[USER=5][/USER] and [CHAT=18][/CHAT]", "user 5 and chat 18" },
  { "[USER=all]All[/USER]", "All" },
  { "[CHAT=18]Project[/CHAT] [CHAT=imol|7]Line[/CHAT]", "Project Line" },
  { "[URL]https://a.example/x[/URL]", "https://a.example/x" },
  { "[URL=https://a.example/x]here[/URL]", "here (https://a.example/x)" },
  { "[url=https://a.example/x]https://a.example/x[/url]", "https://a.example/x" },
  { "[URL=https://a.example/?a[]=1&b[]=2]it[/URL]", "it (https://a.example/?a[]=1&b[]=2)" },
  { '[URL="https://a.example"]it[/URL] [URL=https://b.example][/URL]',
    "it (https://a.example) https://b.example" },
  { "[URL=https://a.example][B]bold[/B][/URL]", "bold (https://a.example)" },
  { "[CALL=+4930123]call us[/CALL] [CALL]112[/CALL] [CALL=112][/CALL] [PCH=5]rated[/PCH]",
    "call us 112 112 rated" },
  { "[SEND=/help]help[/SEND] [PUT=/search]find[/PUT] [SEND]/menu[/SEND] [PUT=x][/PUT]",
    "help find /menu x" },
  -- style
  { "[B]a[/B][I]b[/I][U]c[/U][S]d[/S]", "abcd" },
  { "[b][i]nested [u]deep[/u][/i][/b]", "nested deep" },
  { "[B]crossed [I]over[/B] and out[/I]", "crossed over and out" },
  { "[SIZE=20]big[/SIZE] [COLOR=#ff0000]red[/COLOR] [FONT=Arial]f[/FONT]", "big red f" },
  { "[IMG]https://a.example/p.png[/IMG] [IMG size=medium]https://b.example[/IMG]",
    "https://a.example/p.png https://b.example" },
  { "[ICON=https://a.example/i.png size=20 title=Well done]!", "(Well done)!" },
  { "[ICON=https://a.example/i.png title=Well done height=5]", "(Well done)" },
  { '[icon=https://a.example/i.png title="Well"] [ICON=x]', "(Well) (icon)" },
  { "[EMAIL=a@b.example]write[/EMAIL] H[SUB]2[/SUB]O", "write (a@b.example) H2O" },
  { "[ATTACH=1]text[DISK=77]", "text[file]" },
  { "[LIST][*]one[*]two[/LIST]", "- one\n- two" },
  -- line ends
  { "one[br]two[BR]three#BR#four[br/]five[br /]six\r\nseven",
    "one\ntwo\nthree\nfour\nfive\nsix\nseven" },
  -- code
  { "[CODE]a [B]x[/B] >> y[/CODE] [B]z[/B]", "a [B]x[/B] >> y z" },
  { "[CODE]a\n>>b[/CODE]", "a\n>>b" },
  { "[CODE]never closed [B]x[/B]", "[CODE]never closed x" },
  -- quotations
  { ">>quoted\nanswer", "> quoted\nanswer" },
  { ">> a\n>>b\n\nc", "> a\n> b\n\nc" },
  { "a >> b", "a >> b" },
  { "[QUOTE]said\ntwice[/QUOTE]answer", "> said\n> twice\nanswer" },
  { ("[QUOTE]"):rep(9) .. "x" .. ("[/QUOTE]"):rep(9), "> > > > > x" },
  { "x[QUOTE][QUOTE]deep[/QUOTE]\nless[/QUOTE]\nanswer", "x\n> > deep\n> less\nanswer" },
  { RULE .. "\nAnna Weber[04.03.2026 09:43]\nis it done?\n" .. RULE .. "\nyes",
    "> Anna Weber[04.03.2026 09:43]\n> is it done?\nyes" },
  { RULE .. "[br]Anna#BR#[B]done?[/B][br]" .. RULE .. "[br]yes", "> Anna\n> done?\nyes" },
  { "before\n" .. RULE .. "\nx\n" .. RULE, "before\n> x\n" },
  { RULE .. "\nnever closed", RULE .. "\nnever closed" },
  { "--\nsignature\n-----", "--\nsignature\n-----" },
  -- what is no markup
  { "[B]never closed", "[B]never closed" },
  { "closed[/B] only", "closed[/B] only" },
  { "[B]one [B]two[/B]", "[B]one two" },
  { "[unknown]x[/unknown] [x=5] a[0] = b[i][j] [ B ]",
    "[unknown]x[/unknown] [x=5] a[0] = b[i][j] [ B ]" },
  { "[", "[" }, { "[/", "[/" }, { "[B", "[B" }, { "[URL=", "[URL=" }, { "[]", "[]" }, { "", "" },
  { "[/B][B]", "[/B][B]" }, { "[URL=a\nb]c[/URL]", "[URL=a\nb]c[/URL]" },
  { "[BOLD]x[/BOLD]", "[BOLD]x[/BOLD]" },
  -- smileys
  { "fine :) :D ;)", "fine :) :D ;)" },
  { "great :f09f9880:!", "great \240\159\152\128!" },
  { ":f09f988: :c0ffee00: :f0000000: 10:f09f9880", ":f09f988: :c0ffee00: :f0000000: 10:f09f9880" },
  -- text that send took apart is shown as it was typed
  { (codec.plain "[B]x[/B] #BR#\n>>y"), "[B]x[/B] #BR#\n>>y" },
  { "Привет, [B]мир[/B] 👍", "Привет, мир 👍" },
}

describe("codec.readable", function()
  it("is what people see", function()
    for _, case in ipairs(CASES) do assert.equal(case[2], codec.readable(case[1]), case[1]) end
  end)

  it("shows anything that send has taken apart", function()
    local random, alphabet = data.random(11), { "[B]", "[/B]", "[URL=x]", "[/URL]", ">>", "\n",
      RULE, "#BR#", "x", "[", "é" }
    for _ = 1, 300 do
      local parts = {}
      for i = 1, random(30) do parts[i] = alphabet[random(#alphabet)] end
      local text = table.concat(parts)
      assert.equal(text, codec.readable(codec.plain(text)))
    end
  end)

  it("keeps every word, whatever the markup is", function()
    local random = data.random(12)
    local alphabet = { "[B]", "[/B]", "[I]", "[/I]", "[QUOTE]", "[/QUOTE]", ">>", "\n", RULE,
      "[br]", "[USER=5]", "[/USER]" }
    for _ = 1, 300 do
      local parts, words = {}, {}
      for i = 1, random(40) do
        local word = random(2) == 1
        parts[i] = word and "w" .. i .. " " or alphabet[random(#alphabet)]
        if word then words[#words + 1] = "w" .. i .. " " end
      end
      local text, at = codec.readable(table.concat(parts)), 1
      for _, word in ipairs(words) do
        local _, last = text:find(word, at, true)
        if not last then error("no " .. word .. "in: " .. table.concat(parts)) end
        at = last + 1
      end
    end
  end)

  it("takes no longer for a text that was made to take long", function()
    for _, piece in ipairs { "[B]", "[URL=", "[CODE]", "[QUOTE]", "[/B]", RULE .. "\n",
        "[", ">>\n" } do
      local text = piece:rep(math.floor(1e6 / #piece))
      assert.is_true(#codec.readable(text) >= 0)
    end
  end)
end)
