-- client:inbox: who waits. The counters of every server generation joined with the list of recent
-- chats.

local b24 = require "b24"
local process = require "spec.support.process"
local start = require("spec.support.portal").start

-- Is an age as told, by a clock that is up to a second late? The tests may be slow.
local function about(expected, age)
  return age ~= nil and age >= expected - 1 and age < expected + 30
end

local function line() return debug.getinfo(2, "l").currentline end

local function thrown(f)
  local at = {}
  local ok, message = pcall(f, at)
  assert.is_false(ok)
  local number, text = message:match "inbox_spec%.lua:(%d+): (.*)$"
  assert.equal(at[1], tonumber(number), message)
  return text
end

local function by_id(list)
  local map = {}
  for _, entry in ipairs(list) do
    assert.is_nil(map[entry.dialog_id], entry.dialog_id) -- once each
    map[entry.dialog_id] = entry
  end
  return map
end

-- Newest first; those without a date at the end.
local function assert_order(list)
  for i = 2, #list do
    assert.is_true((list[i - 1].date or 0) >= (list[i].date or 0), list[i].dialog_id)
  end
end

describe("client:inbox", function()
  local portal, client
  setup(function() portal = start() end)
  before_each(function()
    portal:reset()
    client = assert(b24.client { webhook = portal.webhook, ca_file = portal.ca_file, timeout = 20,
      limiter = false })
  end)

  local function requests() return #portal:log() end

  it("tells who waits, newest first, in two requests", function()
    local list, err, info = client:inbox()
    assert.is_nil(err)
    assert.same({ 2, 2, "batch" }, { requests(), info.attempts, info.method })
    local names, ages = {}, {}
    for i, d in ipairs(list) do
      names[i] = ("%s %s %s %s %d"):format(d.dialog_id, d.name, d.kind, d.section, d.unread)
      ages[i] = d.waiting
      assert.is_nil(d.at_least)
      assert.is_string(d.last_message)
    end
    assert.same({ "1 User 1 user DIALOG 3", "5 Иван Smith user DIALOG 1",
      "chat18 Project 18 chat CHAT 1",
      "chat24 Project 24 chat CHAT 2", "chat44 Visitor - Open line 44 lines LINES 1",
      "chat901 Task 901 tasks TASKS_TASK 2", "chat30 Project 30 chat CHAT_MUTED 7" }, names)
    for i = 1, 7 do assert.is_true(about(i * 300, ages[i]), i .. ": " .. tostring(ages[i])) end
    assert.same({ true, nil }, { list[7].muted, list[1].muted })
    assert.same(client:counters(), list.counters)
    assert.same(b24.totals(list.counters), list.totals)
    assert.is_nil(list.incomplete)
    assert_order(list)
  end)

  it("is empty when nobody waits, after one request", function()
    portal:control "clear_counters"
    local list = assert(client:inbox())
    assert.same({ 0, 0, 1 }, { #list, list.totals.all, requests() })
  end)

  -- the portal's names and ours
  local KINDS = { dialog = "user", line = "lines", task = "tasks", open = "chat" }

  -- What the counters of a generation say of a dialog of the crowd: unread, marked; nil: nothing.
  local function counted(generation, entry)
    local count, marked = entry.count, entry.marked and generation ~= "g0"
      and generation ~= "g1" or nil
    if generation == "g2b" and entry.kind == "copilot" then return nil end
    if generation < "g2" and entry.muted and entry.kind ~= "dialog" then return nil end
    if generation == "g3" then
      count = math.min(count, 100)
      if entry.unanswered then count = 1 end
      if entry.kind == "comment" or entry.kind == "line" then marked = nil end
    end
    if count > 0 or marked then return count, marked end
  end

  -- What a dialog adds to the portal's total of messages.
  local function adds(generation, d, entry)
    local person, mark = d.section == "DIALOG", d.marked and 1 or 0
    if generation == "g3" then
      return d.section ~= "TASKS_TASK" and not d.muted and math.max(d.unread, mark) or 0
    end
    local unread = d.section == "CHAT_MUTED" and 0 or d.unread
    if generation ~= "g2b" then return unread + (d.unread == 0 and mark or 0) end
    if person or d.section == "CHAT_MUTED" and entry.kind == "dialog" then return unread + mark end
    local unanswered = entry.unanswered and 1 or 0
    return unread + unanswered + (d.unread == 0 and not d.muted and mark or 0)
  end

  for _, generation in ipairs { "g0", "g1", "g2a", "g2b", "g3" } do
    it("names 300 dialogs of generation " .. generation .. " or says why not", function()
      portal:control("settings", { generation = generation })
      portal:control "clear_counters"
      local entries = portal:control("crowd", { dialogs = 300 }).entries
      local before = client:counters()
      local list, err = client:inbox()
      assert.is_nil(err)
      assert.same(before, client:counters()) -- looking has marked nothing
      assert_order(list)
      local listed, sum, unknown = by_id(list), 0, 0
      for _, entry in ipairs(entries) do
        local unread, marked = counted(generation, entry)
        local d = listed[entry.dialog_id]
        if unread and d then
          assert.same({ unread, marked, entry.title }, { d.unread, d.marked, d.name },
            entry.dialog_id)
          local provable = entry.kind ~= "comment" and entry.kind ~= "line"
          assert.equal(entry.hidden and provable or nil, d.hidden, entry.dialog_id)
          assert.equal(entry.kind == "dialog" and not entry.active or nil, d.dismissed,
            entry.dialog_id)
          if not entry.hidden then assert.equal(entry.muted or nil, d.muted, entry.dialog_id) end
          assert.equal(KINDS[entry.kind] or entry.kind, d.kind)
          sum = sum + adds(generation, d, entry)
          listed[entry.dialog_id] = nil
        -- only a muted person whose dialog is hidden: the counters name its chat, nobody its user
        elseif unread then
          assert.same({ true, true, "dialog" }, { entry.muted, entry.hidden, entry.kind },
            entry.dialog_id)
          unknown = unknown + 1
        else
          assert.is_nil(d, entry.dialog_id)
          -- in the total, and nowhere else
          if generation == "g2b" and entry.unanswered then sum = sum + 1 end
        end
      end
      assert.equal(before.TYPE.DIALOG and list.totals.messages, sum)
      for id, d in pairs(listed) do
        assert.same({ true, true, true, "CHAT_MUTED" }, { d.unknown, d.hidden, d.muted, d.section },
          id)
        assert.is_nil(d.name)
        unknown = unknown - 1
      end
      assert.equal(0, unknown)
    end)
  end

  it("reads as many pages of recent chats as it needs, and no more", function()
    portal:control "clear_counters"
    portal:control("crowd", { dialogs = 900 })
    local list, err, info = client:inbox { waiting = false }
    assert.is_nil(err)
    assert.is_true(#list > 550)
    local offsets, unknown, hidden = {}, 0, 0
    for _, entry in ipairs(portal:log()) do
      if entry.method == "im.recent.list" then
        offsets[#offsets + 1] = entry.body:match '"OFFSET":(%d+)'
      end
    end
    assert.same({ "200", "400" }, offsets)
    for _, d in ipairs(list) do
      if d.hidden then hidden = hidden + 1 end
      if d.unknown then
        unknown = unknown + 1
        assert.is_true(d.hidden or d.kind == "comment" or d.kind == "lines", d.dialog_id)
      end
    end
    assert.is_true(hidden > 40 and unknown > 0) -- one batch of names is not enough for all of them
    assert.same({ 4, nil }, { info.attempts, list.incomplete })
    by_id(list)
    assert_order(list)
  end)

  it("reads on behind a page that the portal hides, and does not take that for the end", function()
    portal:control "clear_counters"
    portal:control("crowd", { dialogs = 500 })
    portal:control("settings", { recent_hides = 200 })
    local list, err = client:inbox { waiting = false }
    assert(list, err)
    local offsets = {}
    for _, entry in ipairs(portal:log()) do
      if entry.method == "im.recent.list" then
        offsets[#offsets + 1] = entry.body:match '"OFFSET":(%d+)'
      end
    end
    assert.equal("200", offsets[1])
  end)

  it("knows a muted dialog by its chat's id, marked or not", function()
    portal:control("dialog", { dialog_id = "7", count = 2, muted = true, title = "Anna Weber" })
    portal:control("dialog", { dialog_id = "8", count = 0, muted = true, marked = true,
      title = "Klaus Weber" })
    portal:control("dialog", { dialog_id = "9", count = 3, muted = true, marked = true,
      title = "Eva Weber" })
    local listed = by_id(assert(client:inbox()))
    local function facts(d) return { d.name, d.kind, d.unread, d.muted, d.marked, d.section } end
    assert.same({ "Anna Weber", "user", 2, true, nil, "CHAT_MUTED" }, facts(listed["7"]))
    assert.same({ "Klaus Weber", "user", 0, true, true, "DIALOG" }, facts(listed["8"]))
    assert.same({ "Eva Weber", "user", 3, true, true, "CHAT_MUTED" }, facts(listed["9"]))
  end)

  it("names what is hidden and comments, and says who was dismissed", function()
    portal:control("dialog", { dialog_id = "chat60", count = 2, hidden = true,
      title = "Old project", age = 500 })
    portal:control("dialog", { dialog_id = "61", count = 1, hidden = true, title = "Gone Away",
      active = false })
    portal:control("dialog", { dialog_id = "chat62", kind = "channel", count = 0, title = "News" })
    portal:control("dialog", { dialog_id = "chat63", kind = "comment", parent = "62", count = 4,
      title = "About news" })
    local listed = by_id(assert(client:inbox()))
    local function facts(d)
      return { d.name, d.kind, d.unread, d.hidden, d.dismissed, d.unknown }
    end
    assert.same({ "Old project", "chat", 2, true }, facts(listed.chat60))
    assert.same({ "Gone Away", "user", 1, true, true }, facts(listed["61"]))
    assert.same({ "About news", "comment", 4 }, facts(listed.chat63))
    assert.is_nil(listed.chat62)
    assert.is_true(about(500, listed.chat60.waiting))
  end)

  it("lists what is marked as unread by hand", function()
    portal:control("dialog", { dialog_id = "chat18", count = 0, marked = true })
    local d = by_id(assert(client:inbox())).chat18
    assert.same({ 0, true, nil, nil }, { d.unread, d.marked, d.waiting, d.at_least })
  end)

  it("keeps to one section", function()
    local list = assert(client:inbox { section = "LINES" })
    assert.same({ 1, "chat44", "LINES" }, { #list, list[1].dialog_id, list.section })
    assert.equal(0, #assert(client:inbox { section = "COLLAB" }))
  end)

  describe("measures waiting", function()
    it("from the first unread message on, in any time zone", function()
      portal:control("message", { dialog_id = "chat77", count = 3, age = 4000 })
      portal:control("message", { dialog_id = "78", count = 1, age = 90061 })
      local script = ([[
        local client = assert(require "b24".client { webhook = %q, allow_http = true,
          limiter = false })
        for _, d in ipairs(assert(client:inbox())) do print(d.dialog_id, d.waiting, d.at_least) end
      ]]):format(portal.http_webhook)
      for _, zone in ipairs { "UTC", "America/New_York", "Asia/Kolkata" } do
        local status, out, err = process.run(script, { TZ = zone })
        assert.same({ 0, "" }, { status, err })
        local first, second = out:match "chat77\t(%d+)\tnil", out:match "%f[%w]78\t(%d+)\tnil"
        assert.is_true(about(4000, tonumber(first)), out)
        assert.is_true(about(90061, tonumber(second)), out)
      end
    end)

    it("of a line that the user is not in by its last message: at least so long", function()
      portal:control("message", { dialog_id = "chat91", kind = "line", count = 4, age = 2000 })
      local d = by_id(assert(client:inbox { section = "LINES" })).chat91
      assert.is_true(d.at_least)
      assert.is_true(about(1997, d.waiting))
    end)

    it("only when asked to", function()
      local list = assert(client:inbox { waiting = false })
      assert.equal(1, requests())
      for _, d in ipairs(list) do assert.same({}, { d.waiting, d.at_least }) end
    end)
  end)

  describe("goes on", function()
    it("with the older list where a portal has no newer one", function()
      portal:control("settings",
        { generation = "g1", missing = { "im.recent.list", "profile", "server.time" } })
      local list = assert(client:inbox())
      assert.equal("Project 18", by_id(list).chat18.name)
      assert.is_true(about(900, by_id(list).chat18.waiting))
      assert.is_nil(list.incomplete)
    end)

    it("without any list: names one by one, and says why", function()
      portal:control("settings", { missing = { "im.recent.list", "im.recent.get" } })
      local list = assert(client:inbox())
      assert.equal("Project 18", by_id(list).chat18.name)
      assert.is_truthy(list.incomplete:find("b24: ERROR_METHOD_NOT_FOUND", 1, true))
      assert.is_nil(by_id(list).chat18.hidden) -- that is not known
    end)

    it("when the second look fails", function()
      portal:control("settings",
        { missing = { "im.dialog.messages.get", "im.dialog.get", "im.user.list.get" } })
      local d = by_id(assert(client:inbox()))["1"]
      assert.same({ "User 1", true }, { d.name, d.at_least or d.waiting == nil })
      portal:reset()
      portal:control("fault", { kind = "slow", method = "batch", delay = 0 }) -- the first batch
      -- the second
      portal:control("reply", { method = "batch", status = 403,
        body = '{"error":"ACCESS_DENIED"}' })
      local list = assert(client:inbox())
      assert.is_truthy(list.incomplete:find("b24: ACCESS_DENIED", 1, true))
      assert.equal(7, #list)
    end)
  end)

  describe("fails as a value", function()
    it("when the counters are refused", function()
      portal:control("account", { user_id = 1, scope = { "crm" } })
      local list, err, info = client:inbox()
      assert.is_nil(list)
      assert.is_truthy(err:find("b24: insufficient_scope", 1, true))
      assert.same({ "denied", "insufficient_scope", true }, { info.kind, info.code, info.sent })
      assert.is_string(info.hint)
    end)

    it("when the credential is wrong, the network is away, the client is closed", function()
      local webhook = portal.webhook:gsub(portal.secret, "wrongSecret")
      local wrong = assert(b24.client { webhook = webhook, ca_file = portal.ca_file,
        limiter = false })
      local _, err, info = wrong:inbox()
      assert.same({ "auth", false }, { info.kind, err:find "wrongSecret" ~= nil })
      client:close()
      local list
      list, err, info = client:inbox()
      assert.same({ nil, "closed", "string" }, { list, info.kind, type(err) })
    end)
  end)

  it("leaves out what is muted, if told so", function()
    local function muted(opts)
      local n = 0
      for _, d in ipairs(assert(client:inbox(opts))) do n = n + (d.muted and 1 or 0) end
      return n
    end
    assert.equal(1, muted())
    assert.equal(1, muted { muted = true })
    assert.equal(0, muted { muted = false })
    assert.equal(#client:inbox() - 1, #client:inbox { muted = false })
  end)

  it("throws mistakes at the caller's line", function()
    for _, case in ipairs {
      { "x", "the options of inbox must be a table, not a string" },
      { { sektion = "LINES" }, "unknown option 'sektion' of inbox (there are: muted, section, "
        .. "waiting; did you mean 'section'?)" },
      { { muted = "no" }, "option 'muted' must be true or false, not a string" },
      { { waiting = 1 }, "option 'waiting' must be true or false, not a number" },
      { { section = "lines" }, "option 'section' must be one of DIALOG, " },
      { { section = {} }, "option 'section' must be one of DIALOG, " },
    } do
      local text = thrown(function(at) at[1] = line() client:inbox(case[1]) end)
      assert.truthy(text:find("b24: " .. case[2], 1, true), text)
    end
    assert.truthy(thrown(function(at)
      at[1] = line() client:inbox(print)
    end):find "a callback needs")
    assert.truthy(thrown(function(at)
      at[1] = line() client.inbox()
    end):find("client:inbox", 1, true))
    assert.equal(0, requests())
  end)
end)
