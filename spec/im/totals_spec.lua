-- What the counters mean: totals, the badge, the dialogs that wait, and what changed. All of it on
-- tables alone.

local cjson = require "cjson"
local codec = require "b24.codec"
local data = require "spec.support.data"

local null = codec.null
local conf = assert(codec.conf { webhook = "https://portal.example/rest/1/s3cr3t0fTheSpec/",
  retries = 0 })

local function counters(body)
  return assert(codec.reply(conf, "im.counters.get", { status = 200, body = body }, "counters"))
end

local function sample(name)
  return counters(data.read("counters/" .. name))
end

local function through_json(value)
  return cjson.decode(cjson.encode(value))
end

local function dialogs(value)
  local list = {}
  for id, unread, section in codec.dialogs(value) do list[#list + 1] = { id, unread, section } end
  return list
end

local samples = {
  { name = "01-doc-2026-current.json", badge = "1",
    totals = { messages = 1, notifications = 4, lines = 0, all = 5, saturated = false },
    dialogs = { { "547", 1, "DIALOG" } } },
  { name = "02-doc-legacy-lines-object.json", badge = "5",
    totals = { messages = 5, notifications = 0, lines = 0, all = 5, saturated = false },
    dialogs = { { "1", 3, "DIALOG" }, { "5", 1, "DIALOG" }, { "chat18", 1, "CHAT" } } },
  { name = "05-derived-g1-empty-string-key.json", badge = "7",
    totals = { messages = 7, notifications = 1, lines = 1, all = 8, saturated = false },
    dialogs = { { "12", 1, "DIALOG" }, { "chat18", 3, "CHAT" }, { "chat44", 1, "LINES" } } },
  { name = "08-derived-g2b-double-count.json", badge = "14",
    totals = { messages = 14, notifications = 2, lines = 4, all = 16, saturated = false },
    dialogs = { { "27", 2, "DIALOG" }, { "33", 1, "DIALOG" }, { "chat3001", 5, "CHAT" },
      { "chat4001", 3, "LINES" } } },
  { name = "09-derived-g3-full.json", badge = "38",
    totals = { messages = 38, tasks = 18, notifications = 4, lines = 3, all = 60,
      saturated = false },
    dialogs = { { "15", 5, "DIALOG" }, { "chat501", 9, "CHAT" }, { "chat801", 4, "CHAT" },
      { "chat701", 7, "COLLAB" },
      { "chat601", 3, "COPILOT" }, { "chat4001", 2, "LINES" }, { "chat4002", 1, "LINES" },
      { "chat901", 10, "TASKS_TASK" }, { "chat902", 7, "TASKS_TASK" },
      { "chat8101", 3, "CHANNEL_COMMENT" },
      { "chat8102", 1, "CHANNEL_COMMENT" }, { "chat8201", 1, "CHANNEL_COMMENT" } } },
  { name = "10-derived-g3-all-empty.json", badge = "",
    totals = { messages = 0, tasks = 0, notifications = 0, lines = 0, all = 0, saturated = false },
    dialogs = {} },
  { name = "15-derived-g3-saturated-100.json", badge = "99+",
    totals = { messages = 203, tasks = 0, notifications = 100, lines = 0, all = 303,
      saturated = true },
    dialogs = { { "15", 3, "DIALOG" }, { "chat5001", 100, "CHAT" }, { "chat5002", 100, "CHAT" } } },
}

for _, row in ipairs(samples) do
  describe("the sample " .. row.name, function()
    for way, prepare in pairs { ["as received"] = sample,
      ["through JSON"] = function(name) return through_json(sample(name)) end } do
      it(way .. " has its totals", function()
        assert.same(row.totals, codec.totals(prepare(row.name)))
      end)
      it(way .. " has its badge", function()
        assert.equal(row.badge, codec.badge(prepare(row.name)))
      end)
      it(way .. " has its dialogs, in order", function()
        assert.same(row.dialogs, dialogs(prepare(row.name)))
      end)
      it(way .. " differs in nothing from itself", function()
        assert.same({}, codec.diff(sample(row.name), prepare(row.name)))
      end)
    end
  end)
end

describe("totals", function()
  local rows = {
    { "messages leave task chats out of MESSENGER", { ALL = 1165, NOTIFY = 52, MESSENGER = 1113,
      TASKS_TASK = 979 },
      { all = 1165, notifications = 52, messages = 134, tasks = 979, saturated = false } },
    { "messages are MESSENGER where nobody counts task chats",
      { ALL = 9, NOTIFY = 2, MESSENGER = 7 },
      { all = 9, notifications = 2, messages = 7, saturated = false } },
    { "messages are ALL without NOTIFY on old portals",
      { ALL = 9, NOTIFY = 2, DIALOG = 3, CHAT = 4 },
      { all = 9, notifications = 2, messages = 7, saturated = false } },
    { "sums are never checked", { ALL = 1, NOTIFY = 0, MESSENGER = 5, CHAT = 100, LINES = 70,
      TASKS_TASK = 2 },
      { all = 1, notifications = 0, messages = 3, tasks = 2, lines = 70, saturated = false } },
    { "what is unknown stays nil", { ALL = 9 }, { all = 9, saturated = false } },
    { "nothing known, nothing told", {}, { saturated = false } },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      assert.same(row[3], codec.totals { TYPE = row[2], CHAT = {}, DIALOG = {}, LINES = {} })
    end)
  end

  it("without TYPE are unknown", function()
    assert.same({ saturated = false }, codec.totals { CHAT = { ["1"] = 5 } })
    assert.same({ saturated = false }, codec.totals { TYPE = null, CHAT = null })
    assert.same({ saturated = false }, codec.totals {})
  end)

  it("are integers", function()
    assert.is_true(data.all_integers(codec.totals(sample("09-derived-g3-full.json"))))
  end)
end)

describe("saturated", function()
  local rows = {
    { true, "a chat", { CHAT = { ["1"] = 100 } } },
    { true, "a dialog", { DIALOG = { ["1"] = 100 } } },
    { true, "a line", { LINES = { ["1"] = 100 } } },
    { true, "CoPilot", { COPILOT = { ["1"] = 100 } } },
    { true, "a collab", { COLLAB = { ["1"] = 148 } } },
    { true, "a task", { TASKS_TASK = { ["1"] = 100 } } },
    { true, "comments", { CHANNEL_COMMENT = { ["801"] = { ["1"] = 1, ["2"] = 100 } } } },
    { true, "notifications", { TYPE = { NOTIFY = 100 } } },
    { true, "an integer key", { CHAT = { [18] = 100 } } },
    { false, "99", { CHAT = { ["1"] = 99 }, TYPE = { NOTIFY = 99 } } },
    { false, "muted chats", { CHAT_MUTED = { ["1"] = 100 } } },
    { false, "a total", { TYPE = { ALL = 500, CHAT = 300, MESSENGER = 400 } } },
    { false, "the id of a marked chat", { CHAT_UNREAD = { 3004 } } },
    { false, "a large id", { CHAT = { ["3004"] = 1 } } },
  }
  for _, row in ipairs(rows) do
    it("is " .. tostring(row[1]) .. " for " .. row[2], function()
      assert.equal(row[1], codec.totals(row[3]).saturated)
    end)
  end
end)

describe("badge", function()
  for messages, text in pairs { [0] = "", [1] = "1", [9] = "9", [99] = "99", [100] = "99+",
      [1113] = "99+" } do
    it("of " .. messages .. " is '" .. text .. "'", function()
      assert.equal(text, codec.badge { TYPE = { MESSENGER = messages, ALL = messages + 500 } })
      assert.equal(text, codec.badge { TYPE = { ALL = messages + 7, NOTIFY = 7 } })
    end)
  end

  it("is ? where nobody knows", function()
    assert.equal("?", codec.badge(nil))
    assert.equal("?", codec.badge())
    assert.equal("?", codec.badge(null))
    assert.equal("?", codec.badge {})
    assert.equal("?", codec.badge { TYPE = {} })
    assert.equal("?", codec.badge { TYPE = null })
    assert.equal("?", codec.badge { TYPE = { ALL = 5 } })
    assert.equal("?", codec.badge { TYPE = { MESSENGER = null } })
  end)
end)

describe("dialogs", function()
  local rows = {
    { "are sorted by number, not by text", { CHAT = { ["9"] = 1, ["10"] = 2, ["100"] = 3 } },
      { { "chat9", 1, "CHAT" }, { "chat10", 2, "CHAT" }, { "chat100", 3, "CHAT" } } },
    { "sort ids beyond 2^53, too",
      { CHAT = { ["9007199254740993"] = 1, ["9007199254740992"] = 2 } },
      { { "chat9007199254740992", 2, "CHAT" }, { "chat9007199254740993", 1, "CHAT" } } },
    { "sort comments by their own chat",
      { CHANNEL_COMMENT = { ["9"] = { ["100"] = 1 }, ["10"] = { ["50"] = 2 } } },
      { { "chat50", 2, "CHANNEL_COMMENT" }, { "chat100", 1, "CHANNEL_COMMENT" } } },
    { "leave nothing read in", { CHAT = { ["1"] = 0, ["2"] = 1 }, LINES = { ["3"] = 0 } },
      { { "chat2", 1, "CHAT" } } },
    { "leave muted chats out", { CHAT = { ["1"] = 1, ["2"] = 2 }, LINES = { ["4"] = 1 },
      TASKS_TASK = { ["5"] = 1 },
      CHANNEL_COMMENT = { ["9"] = { ["6"] = 1 } }, COLLAB = { ["7"] = 1 }, COPILOT = { ["8"] = 1 },
      CHAT_MUTED = { ["2"] = 2, ["4"] = 1, ["5"] = 1, ["6"] = 1, ["7"] = 1, ["8"] = 1 } },
        { { "chat1", 1, "CHAT" } } },
    { "know that a muted chat is no user", { DIALOG = { ["15"] = 5 }, CHAT_MUTED = { ["15"] = 2 } },
      { { "15", 5, "DIALOG" } } },
    { "name a chat once",
      { CHAT = { ["1"] = 1, ["2"] = 2, ["3"] = 3 }, COLLAB = { ["2"] = 2 },
        COPILOT = { ["3"] = 3 } },
      { { "chat1", 1, "CHAT" }, { "chat2", 2, "COLLAB" }, { "chat3", 3, "COPILOT" } } },
    { "know that a user's id is no chat's", { DIALOG = { ["18"] = 1 }, CHAT = { ["18"] = 2 } },
      { { "18", 1, "DIALOG" }, { "chat18", 2, "CHAT" } } },
    { "skip marks and what they do not know",
      { CHAT_UNREAD = { 502 }, DIALOG_UNREAD = { 27 }, NEW = { ["1"] = 1 } }, {} },
    { "skip keys that are no ids",
      { DIALOG = { [""] = 2, ["0"] = 1, ["-5"] = 1, ["1.5"] = 1, abc = 1, ["5 "] = 1,
      [" 5"] = 1, ["1e3"] = 1, ["0x10"] = 1, ["7"] = 1, [true] = 1, [0] = 1, [-3] = 1,
      [2.5] = 1 } },
      { { "7", 1, "DIALOG" } } },
    { "take integer keys", { DIALOG = { [5] = 1, [1] = 3 }, CHAT = { [18] = 1, [19] = 1 },
      CHAT_MUTED = { [19] = 1 }, CHANNEL_COMMENT = { [801] = { [8101] = 3 } } },
      { { "1", 3, "DIALOG" }, { "5", 1, "DIALOG" }, { "chat18", 1, "CHAT" },
        { "chat8101", 3, "CHANNEL_COMMENT" } } },
    { "write large integer keys in full", { CHAT = { [4294967297] = 2, [1e15] = 1 } },
      { { "chat4294967297", 2, "CHAT" }, { "chat1000000000000000", 1, "CHAT" } } },
    { "pass over sections that are null",
      { DIALOG = null, CHAT = { ["1"] = 1, ["2"] = null }, COLLAB = null, LINES = null,
      CHAT_MUTED = null, CHANNEL_COMMENT = { ["9"] = null } }, { { "chat1", 1, "CHAT" } } },
    { "of nothing are none", {}, {} },
  }
  for _, row in ipairs(rows) do
    it(row[1], function() assert.same(row[3], dialogs(row[2])) end)
  end

  it("may be left and walked side by side", function()
    local value = sample("09-derived-g3-full.json")
    local next_one, state, first = codec.dialogs(value)
    local id = next_one(state, first)
    assert.equal("15", id)
    assert.equal(12, #dialogs(value))
    assert.equal("chat501", (next_one(state, id)))
  end)
end)

describe("an answer as portals of 2017 sent it, without b24.counters", function()
  local raw = { TYPE = { ALL = "7", NOTIFY = "1", DIALOG = "4", CHAT = "2" },
    DIALOG = { ["1"] = "3", ["5"] = "1" },
    CHAT = { ["18"] = "2", ["19"] = "x", ["20"] = "-1", ["21"] = "" } }

  it("has its totals", function()
    assert.same({ all = 7, notifications = 1, messages = 6, saturated = false }, codec.totals(raw))
    assert.equal("6", codec.badge(raw))
    assert.is_true(codec.totals({ CHAT = { ["18"] = "100" } }).saturated)
  end)

  it("has its dialogs", function()
    assert.same({ { "1", 3, "DIALOG" }, { "5", 1, "DIALOG" }, { "chat18", 2, "CHAT" } },
      dialogs(raw))
    assert.same({}, codec.diff(raw, { TYPE = { ALL = 7, NOTIFY = 1, DIALOG = 4, CHAT = 2 },
      DIALOG = { ["1"] = 3, ["5"] = 1 }, CHAT = { ["18"] = 2 } }))
  end)
end)

describe("diff", function()
  local rows = {
    { "a message arrives", { CHAT = { ["18"] = 1 }, TYPE = { ALL = 1, CHAT = 1, NOTIFY = 0 } },
      { CHAT = { ["18"] = 3 }, TYPE = { ALL = 3, CHAT = 3, NOTIFY = 0 } },
      { { dialog_id = "chat18", section = "CHAT", from = 1, to = 3 },
        { section = "TYPE", id = "ALL", from = 1, to = 3 },
        { section = "TYPE", id = "CHAT", from = 1, to = 3 } } },
    { "a dialog is read", { DIALOG = { ["5"] = 2 } }, { DIALOG = {} },
      { { dialog_id = "5", section = "DIALOG", from = 2, to = 0 } } },
    { "a dialog is new", { DIALOG = { ["5"] = 2 } }, { DIALOG = { ["5"] = 2, ["6"] = 1 } },
      { { dialog_id = "6", section = "DIALOG", from = 0, to = 1 } } },
    { "a chat is muted", { CHAT = { ["18"] = 3 } }, { CHAT = {}, CHAT_MUTED = { ["18"] = 3 } },
      { { dialog_id = "chat18", section = "CHAT", from = 3, to = 0 } } },
    { "both sides, in the order of dialogs",
      { LINES = { ["4"] = 1 }, CHAT = { ["9"] = 1, ["100"] = 1 } },
      { DIALOG = { ["7"] = 1 }, CHAT = { ["10"] = 1 }, TASKS_TASK = { ["3"] = 1 } },
      { { dialog_id = "7", section = "DIALOG", from = 0, to = 1 },
        { dialog_id = "chat9", section = "CHAT", from = 1, to = 0 },
        { dialog_id = "chat10", section = "CHAT", from = 0, to = 1 },
        { dialog_id = "chat100", section = "CHAT", from = 1, to = 0 },
        { dialog_id = "chat4", section = "LINES", from = 1, to = 0 },
        { dialog_id = "chat3", section = "TASKS_TASK", from = 0, to = 1 } } },
    { "a total that was unknown", { TYPE = { ALL = 1 } }, { TYPE = { ALL = 1, MESSENGER = 0 } },
      { { section = "TYPE", id = "MESSENGER", to = 0 } } },
    { "a total that is unknown", { TYPE = { ALL = 1, MESSENGER = 2 } }, { TYPE = { ALL = 1 } },
      { { section = "TYPE", id = "MESSENGER", from = 2 } } },
    { "no counters before", nil, { DIALOG = { ["5"] = 2 }, TYPE = { NOTIFY = 0, ALL = 2 } },
      { { dialog_id = "5", section = "DIALOG", from = 0, to = 2 },
        { section = "TYPE", id = "ALL", to = 2 },
        { section = "TYPE", id = "NOTIFY", to = 0 } } },
    { "marks are no messages", { CHAT_UNREAD = {} }, { CHAT_UNREAD = { 5 } }, {} },
    { "a section that is null", { COLLAB = null, TYPE = null }, { COLLAB = {}, TYPE = {} }, {} },
    { "string keys and integer keys", { CHAT = { ["18"] = 1 } }, { CHAT = { [18] = 1 } }, {} },
  }
  for _, row in ipairs(rows) do
    it("tells: " .. row[1], function() assert.same(row[4], codec.diff(row[2], row[3])) end)
  end

  it("lists exactly the dialogs when nothing was there", function()
    local value = sample("09-derived-g3-full.json")
    local changes, waiting = codec.diff(nil, value), dialogs(value)
    for i, one in ipairs(waiting) do
      assert.same({ dialog_id = one[1], section = one[3], from = 0, to = one[2] }, changes[i])
    end
    assert.equal(#waiting + 9, #changes)
    for i = #waiting + 2, #changes do assert.is_true(changes[i - 1].id < changes[i].id) end
  end)
end)
