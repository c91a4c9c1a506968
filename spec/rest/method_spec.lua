-- What may be sent a second time when nobody knows whether it ran: only what reads. Names as in the
-- vendor's documentation (github.com/bitrix-tools/b24-rest-docs, August 2026).

local b24 = require "b24"
local codec = require "b24.codec"
local portal = require "spec.support.portal"

local BASE = "https://portal.example/rest/1/s3cr3t0fTheSpec/"

-- The machine itself tells: is the request repeated after a connection that broke?
local function repeated(method, params, more)
  local options = { webhook = BASE, limiter = false }
  for name, value in pairs(more or {}) do options[name] = value end
  local call = assert(codec.call(assert(codec.conf(options)), method, params, nil, { seed = 1 }))
  local action, request = call:next(1, "go")
  assert.equal("SEND", action)
  action = call:next(1, "failed", { kind = "network", code = "CONNECTION_LOST", sent = true })
  assert.equal(request.repeatable, action == "SLEEP")
  return action == "SLEEP"
end

-- The same question to the plan of a batch.
local function in_batch(method, params)
  return codec.batch({ "profile", { method, params } })[1].idempotent
end

local READS = [[
  im.counters.get im.recent.list im.dialog.messages.get im.dialog.messages.search
  im.dialog.users.list im.notify.get im.notify.history.search im.notify.schema.get
  im.search.user.list im.search.last.get im.user.list.get im.revision.get im.v2.Event.get
  im.v2.File.download imbot.v2.Event.get imbot.v2.Chat.Message.getContext imbot.v2.File.download
  imconnector.list imconnector.status imopenlines.session.history.get imopenlines.dialog.get
  imopenlines.config.list.get imopenlines.crm.chat.getLastId imopenlines.config.path.get
  pull.config.get pull.application.config.get mobile.counter.get mobile.counter.types.get profile
  scope methods events server.time method.get feature.get app.info app.option.get user.option.get
  access.name user.current user.get user.search user.fields user.counters user.access user.admin
  department.get rest.documentation.openapi crm.deal.list crm.deal.get crm.deal.fields
  crm.deal.productrows.get crm.item.fields crm.type.getByEntityTypeId crm.enum.ownertype
  crm.enum.getorderownertypes crm.enum.settings.mode crm.enum.activitytype crm.enum.contenttype
  crm.status.entity.types crm.status.entity.items crm.userfield.types crm.duplicate.findbycomm
  crm.calllist.statuslist crm.dealcategory.status crm.requisite.preset.countries
  crm.requisite.preset.field.availabletoadd crm.product.property.types
  crm.item.productrow.getAvailableForPayment crm.activity.call.getTranscript
  crm.contact.company.items.get crm.orderentity.getFields crm.settings.mode.get
  crm.documentgenerator.document.getfields crm.vat.list catalog.product.getFieldsByFilter
  catalog.product.download catalog.catalog.isOffers catalog.document.mode.status
  catalog.enum.getRoundTypes catalog.priceTypeLang.getLanguages
  catalog.productPropertyFeature.getAvailableFeaturesByProperty catalog.document.getFields
  sale.order.getFields sale.property.getfieldsbytype sale.statusLang.getListLangs
  sale.basketitem.getFieldsCatalogProduct sale.persontype.get sale.paysystem.settings.get
  sale.delivery.config.get tasks.task.list tasks.task.get tasks.task.getFields tasks.task.getaccess
  tasks.task.counters.get tasks.task.field.list tasks.flow.Flow.isExists
  tasks.api.scrum.kanban.getStages task.item.getdata task.item.getdescription task.item.getfiles
  task.item.getdependson task.item.getallowedactions task.item.getallowedtaskactionsasstrings
  task.item.getmanifest task.item.isactionallowed task.item.userfield.gettypes
  task.commentitem.getlist task.checklistitem.getlist task.stages.canmovetask task.stages.get
  task.logitem.list disk.storage.getlist disk.storage.getTypes disk.storage.getchildren
  disk.folder.getchildren disk.folder.getFields disk.file.get disk.file.getVersions disk.file.search
  disk.rights.getTasks calendar.event.get calendar.event.getbyid calendar.event.get.nearest
  calendar.accessibility.get lists.get lists.element.get lists.element.get.file.url
  lists.get.iblock.type.id lists.field.type.get log.blogpost.get log.blogpost.getusers.important
  sonet_group.get sonet_group.user.groups sonet_group.feature.access
  socialnetwork.api.workgroup.list landing.landing.getlist landing.landing.getpreview
  landing.landing.getpublicurl landing.landing.resolveIdByPublicUrl
  landing.landing.getadditionalfields landing.site.getPublicUrl landing.site.getRights
  landing.site.fullExport landing.role.isEnabled landing.repo.checkContent landing.block.getcontent
  landing.block.getbyid landing.block.getmanifest landing.block.getrepository
  landing.block.getContentFromRepository landing.syspage.getSpecialPage landing.demos.getSiteList
  landing.demos.getPageList landing.template.getSiteRef main.eventlog.tail main.eventlog.list
  sign.b2e.personal.tail sign.b2e.mysafe.tail humanresources.node.search humanresources.node.count
  humanresources.node.children humanresources.employee.subordinates
  humanresources.employee.multidepartment note.document.search.list mail.mailbox.senders
  mail.message.thread mail.message.get mail.recipient.listcontacts mail.recipient.listemployees
  rpa.item.getTasks rpa.stage.listForType rpa.timeline.listForItem rpa.fields.getSettings event.get
  event.offline.list placement.get bizproc.workflow.instances bizproc.task.list
  bizproc.workflow.template.list timeman.status timeman.settings timeman.networkrange.check
  telephony.externalLine.get telephony.externalCall.searchCrmEntities voximplant.statistic.get
  voximplant.sip.status voximplant.sip.connector.status messageservice.sender.list
  messageservice.message.status.get userconsent.agreement.text userfieldconfig.getTypes
  vote.AttachedVote.getMany vote.AttachedVote.getWithVoted vote.AttachedVote.getAnswerVoted
  vote.AttachedVote.download documentgenerator.template.list documentgenerator.document.get
  booking.v1.resource.slots.list]]

-- Last words of reading in the names of methods that write, and other names that could be taken for
-- reading.
local WRITES = [[
  event.offline.get event.offline.clear event.offline.error event.bind
  im.notify.read.list im.notify.read im.dialog.read im.disk.folder.get im.v2.Event.subscribe
  im.recent.unread im.user.status.idle.start im.notify im.message.add
  disk.storage.getForApp disk.file.getExternalLink disk.folder.getExternalLink
  crm.invoice.getexternallink salescenter.payment.getPublicUrl
  entity.rights sonet_group.user.request sonet_group.user.invite
  imopenlines.session.open imopenlines.session.join imopenlines.network.join
  imopenlines.bot.session.operator imconnector.send.status.delivery imbot.v2.Chat.TextField.enabled
  catalog.document.deleteList catalog.document.conductList catalog.document.cancelList
  crm.orderentity.deleteByFilter sale.paysystem.pay.payment sale.cashbox.check.apply
  sale.delivery.request.sendmessage crm.automation.trigger crm.timeline.item.pin crm.item.import
  crm.item.batchImport crm.deal.recurring.expose crm.documentgenerator.document.enablepublicurl
  landing.site.publication landing.role.enable bizproc.activity.log bizproc.event.send
  bizproc.workflow.start telephony.externalCall.register telephony.externalCall.hide
  voximplant.callback.start timeman.open tasks.task.startwatch tasks.task.start task.item.update
  tasks.flow.Flow.pin pull.watch.extend user.option.set app.option.set mail.message.send
  messageservice.message.add placement.bind crm.deal.add crm.deal.update crm.deal.delete
  get list batch unheard.of my.module.forget my.module.target my.module.getaway
  my.module.getOrCreate my.module.widget]]

describe("methods that read", function()
  for method in READS:gmatch "%S+" do
    it(method .. " is sent again after a lost answer", function()
      assert.is_true(repeated(method))
      assert.is_true(repeated(method:upper()))
      assert.is_true(repeated(method:lower()))
      assert.is_true(in_batch(method))
    end)
  end
end)

describe("methods that write, by what they do", function()
  for method in WRITES:gmatch "%S+" do
    it(method .. " is sent once", function()
      assert.is_false(repeated(method))
      assert.is_false(repeated(method:upper()))
      assert.is_false(repeated(method:lower()))
      assert.is_false(in_batch(method))
      assert.is_true(repeated(method, nil, { idempotent = true })) -- who says so, decides
    end)
  end
end)

describe("event.offline.get", function()
  -- PHP: isset($clear) ? intval($clear) : 1, and isset($process_id) or new events are marked, after
  -- the names of the parameters were put in lower case
  local function of(process, list)
    for _, params in ipairs(list) do params.process_id = process end
    return list
  end

  local keeps = of("x", { { clear = 0 }, { clear = "0" }, { clear = false }, { CLEAR = 0 },
    { Clear = "0" }, { clear = 0, limit = 5 }, { clear = -0.0 },
    { clear = 0, filter = { EVENT_NAME = "X" } } })
  keeps[#keeps + 1] = { clear = 0, PROCESS_ID = "y" }
  keeps[#keeps + 1] = { clear = 0, process_id = 7 }
  -- The last of these would be kept as well; who means that writes 0.
  local takes = of("x", { {}, { clear = 1 }, { clear = "1" }, { clear = true },
    { clear = b24.null }, { clear = {} }, { clear = { 0 } }, { limit = 0 },
    { filter = { clear = 0 } }, { clears = 0 }, { clear = 0, CLEAR = 1 }, { clear = 1, CLEAR = 0 },
    { clear = "10" }, { clear = "01" }, { clear = "yes" }, { clear = "0x" }, { clear = 0.5 } })
  -- Each request marks the next events for a process of its own.
  for _, params in ipairs { { clear = 0 }, { clear = 0, process_id = b24.null },
    { clear = 0, process_id = {} }, { clear = 0, process_id = true }, { clear = 0, process = "x" },
    { clear = 0, filter = { process_id = "x" } },
    { clear = 0, process_id = "x", PROCESS_ID = b24.null } } do
    takes[#takes + 1] = params
  end

  it("may be repeated with clear = 0 and a process_id: what that process has is read", function()
    for _, params in ipairs(keeps) do
      assert.is_true(repeated("event.offline.get", params), codec.encode(params))
      assert.is_true(repeated("Event.Offline.Get", params))
      assert.is_true(in_batch("event.offline.get", params))
    end
  end)

  it("is sent once otherwise, also inside a batch", function()
    for _, params in ipairs(takes) do
      assert.is_false(repeated("event.offline.get", params), codec.encode(params))
      assert.is_false(repeated("EVENT.OFFLINE.GET", params))
      assert.is_false(in_batch("event.offline.get", params))
    end
    assert.is_false(repeated "event.offline.get")
    assert.is_false(in_batch("event.offline.get", { clear = b24.ref(1, "ID"), process_id = "x" }))
    -- no JSON: nobody looked
    assert.is_false(in_batch("event.offline.get", { clear = 0, process_id = "x", x = "\255" }))
  end)

  describe("at a portal that loses its answer", function()
    local p, client
    setup(function() p = portal.start() end)
    teardown(function() p:stop() end)
    before_each(function()
      p:reset()
      client = assert(b24.client { webhook = p.webhook, ca_file = p.ca_file, limiter = false,
        timeout = 10 })
    end)

    local function sent(method) return p:asked(method) end

    local function cut(method)
      p:control("fault", { kind = "execute_then_cut", method = method, times = 1 })
    end

    it("loses no events in silence", function()
      cut "event.offline.get"
      local value, err, info = client:call "event.offline.get"
      assert.is_nil(value)
      assert.is_string(err)
      assert.same({ 1, true, false }, { info.attempts, info.sent, info.retryable })
      assert.equal(1, sent "event.offline.get")
    end)

    it("leaves no events marked for nobody", function()
      cut "event.offline.get"
      local value, _, info = client:call("event.offline.get", { clear = 0 })
      assert.is_nil(value)
      assert.same({ 1, true, false }, { info.attempts, info.sent, info.retryable })
      assert.equal(1, sent "event.offline.get")
    end)

    it("is asked again for what a process has", function()
      cut "event.offline.get"
      client:call("event.offline.get", { clear = 0, process_id = "x" })
      assert.equal(2, sent "event.offline.get")
    end)

    it("is not repeated inside a batch", function()
      cut "batch"
      local answer, _, info = client:batch { events = "event.offline.get", me = "profile" }
      assert.is_nil(answer)
      assert.is_false(info.retryable)
      assert.equal(1, sent "batch")
      cut "batch"
      assert(client:batch { me = "profile",
        events = { "event.offline.get", { clear = 0, process_id = "x" } } })
      assert.equal(3, sent "batch") -- one, then two
    end)

    it("is not repeated beside a text that goes alone", function()
      cut "event.offline.get"
      local answer = assert(client:batch { events = { "event.offline.get", { note = "$total" } },
        me = "profile" })
      assert.equal(1, sent "event.offline.get")
      assert.is_string(answer.errors.events.text)
    end)
  end)
end)
