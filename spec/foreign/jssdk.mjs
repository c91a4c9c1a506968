// The vendor's own client, @bitrix24/b24jssdk, against the mock portal.

import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { B24Hook, B24OAuth, LoadDataType, useB24Helper } from "@bitrix24/b24jssdk"
import { control, facts, numbers, requests, stats } from "./portal.mjs"

const QUICK = { rateLimit: { burstLimit: 1000, drainRate: 1000, adaptiveEnabled: false } }

const hook = (restrictionParams = QUICK, url = facts.webhook) =>
  B24Hook.fromWebhookUrl(url, { restrictionParams })

/** An application's client, with the pair of tokens that the token server would have given it. */
async function application(tokens) {
  const answer = tokens ?? await control("token")
  const app = new B24OAuth({
    applicationToken: "", userId: answer.user_id, memberId: answer.member_id,
    accessToken: answer.access_token, refreshToken: answer.refresh_token,
    expires: answer.expires, expiresIn: answer.expires_in,
    scope: answer.scope, domain: answer.domain, clientEndpoint: answer.client_endpoint,
    serverEndpoint: answer.server_endpoint, status: answer.status
  }, { clientId: facts.client_id, clientSecret: facts.client_secret }, { restrictionParams: QUICK })
  const refreshed = []
  app.setCallbackRefreshAuth(async ({ authData }) => { refreshed.push(authData) })
  return { app, refreshed, tokens: answer }
}

/** The result of one call, which must succeed. */
async function call(b24, method, params = {}) {
  const answer = await b24.actions.v2.call.make({ method, params })
  assert.ok(answer.isSuccess, answer.getErrorMessages().join())
  return answer.getData().result
}

/** Code and status of a call, which must fail. */
async function failure(b24, method, params = {}) {
  try {
    await b24.actions.v2.call.make({ method, params })
  } catch (error) {
    return `${error.code} ${error.status}`
  }
  assert.fail(`${method} did not fail`)
}

beforeEach(() => control("reset"))

describe("a call", () => {
  test("gives the counters", async () => {
    await control("message", { dialog_id: "5", count: 2 })
    const counters = await call(hook(), "im.counters.get")
    assert.equal(counters.DIALOG["5"], 3)
    assert.equal(counters.TYPE.ALL, 16)
    assert.deepEqual(counters.CHAT_UNREAD, [])
  })

  test("takes the time block and says that the portal is well", async () => {
    const b24 = hook()
    const { time } = (await b24.actions.v2.call.make({ method: "profile", params: {} })).getData()
    assert.equal(time.operating, 0)
    assert.ok(time.operating_reset_at > Date.now() / 1000)
    assert.ok(await b24.tools.healthCheck.make())
    assert.ok((await b24.tools.ping.make()) >= 0)
  })

  test("sends what is in it", async () => {
    const params = {
      TEXT: "Grüße & <b>\"'/\\ 👍", LIST: [1, [2, "x"]], MAP: { a: null, b: { c: true } }
    }
    assert.deepEqual(await call(hook(), "b24test.echo", params), {
      TEXT: params.TEXT, LIST: params.LIST, MAP: params.MAP,
      bx24_request_id: (await requests("b24test.echo"))[0].path.match(/bx24_request_id=([^&]+)/)[1],
      bx24_sdk_ver: "2.2.0", bx24_sdk_type: "b24-js-sdk"
    })
  })

  test("fails as on a real portal", async () => {
    const b24 = hook()
    assert.equal(await failure(b24, "no.such.method"), "ERROR_METHOD_NOT_FOUND 404")
    // The client has its own word for an empty code.
    assert.equal(await failure(b24, "crm.deal.get", { id: 4711 }), "ERR_BAD_REQUEST 400")
    await control("account", { user_id: 1, scope: ["im"] })
    assert.equal(await failure(b24, "crm.deal.list"), "insufficient_scope 401")
    const wrong = facts.webhook.replace(facts.secret, "abcdefabcdefabcd")
    assert.equal(await failure(hook(QUICK, wrong), "profile"), "INVALID_CREDENTIALS 401")
    assert.equal((await requests("profile")).length, 1) // the client knows this needs no repetition
  })
})

describe("a batch", () => {
  const make = async (calls, options = {}) => hook().actions.v2.batch.make({
    calls, options: { isHaltOnError: false, returnAjaxResult: true, ...options }
  })

  test("by names, with references and errors", async () => {
    const answer = await make({
      deals: {
        method: "crm.deal.list",
        params: { order: { ID: "DESC" }, filter: { STAGE_ID: "WON" }, select: ["ID"] }
      },
      last: { method: "crm.deal.get", params: { id: "$result[deals][0][ID]" } },
      owner: { method: "user.get", params: { ID: "$result[last][ASSIGNED_BY_ID]" } },
      wrong: { method: "no.such", params: {} },
      empty: { method: "crm.deal.list", params: { filter: { ID: 0 } } }
    })
    assert.deepEqual([...answer.errors.keys()], ["wrong"])
    const { deals, last, owner, wrong, empty } = answer.getData()
    assert.equal(deals.getTotal(), 24)
    assert.equal(deals.getData().result[0].ID, "120")
    assert.equal(last.getData().result.STAGE_ID, "WON")
    assert.equal(owner.getData().result[0].ID, last.getData().result.ASSIGNED_BY_ID)
    assert.equal(wrong.errors.get("base-error").code, "ERROR_METHOD_NOT_FOUND")
    assert.deepEqual(empty.getData().result, [])
  })

  test("by positions, where PHP makes a list of one part and a map of the other", async () => {
    const answer = await make([["server.time"], ["no.such"], ["profile"], ["b24test.null"]])
    assert.deepEqual([...answer.errors.keys()], ["1"])
    const rows = answer.getData()
    assert.equal(rows[2].getData().result.ID, "1")
    assert.equal(rows[3].getData().result, null)
    const mended = await make([["no.such"], ["server.time"]]) // errors: a list, results: a map
    assert.equal(mended.getData()[0].errors.get("base-error").code, "ERROR_METHOD_NOT_FOUND")
    assert.ok(mended.getData()[1].isSuccess)
  })

  test("that halts", async () => {
    const calls = { a: ["profile"], b: ["no.such"], c: ["profile"] }
    const answer = await make(calls, { isHaltOnError: true })
    assert.deepEqual(Object.keys(answer.getData()), ["a", "b"])
    assert.deepEqual((await stats()).executions, { batch: 1, profile: 1 })
  })

  test("of 120 commands, in three requests", async () => {
    const calls = numbers(120).map((id) => ["crm.deal.get", { id }])
    const answer = await hook().actions.v2.batchByChunk.make({ calls })
    assert.deepEqual(answer.getData().map((deal) => deal.ID), numbers(120))
    assert.equal((await requests("batch")).length, 3)
  })

  test("loads what an application needs at its start", async () => {
    const { initB24Helper } = useB24Helper()
    const helper = await initB24Helper(hook(), [LoadDataType.Profile])
    assert.equal(helper.profileInfo.data.id, 1)
    assert.equal(helper.profileInfo.data.isAdmin, true)
  })
})

describe("a list", () => {
  test("by ids, filtered", async () => {
    await control("settings", { deals: 1000 })
    const answer = await hook().actions.v2.callList.make({
      method: "crm.deal.list",
      params: { filter: { STAGE_ID: "WON" }, select: ["ID", "OPPORTUNITY", "STAGE_ID"] }
    })
    const deals = answer.getData()
    assert.equal(deals.length, 200)
    assert.ok(deals.every((deal) => deal.STAGE_ID === "WON"))
    assert.equal(deals.reduce((sum, deal) => sum + Number(deal.OPPORTUNITY), 0), 9950000)
  })

  test("of items, whose names are in camel case", async () => {
    const answer = await hook().actions.v2.callList.make({
      method: "crm.item.list",
      params: { entityTypeId: 2, filter: { ">=opportunity": 6000 }, select: ["id", "opportunity"] },
      idKey: "id", customKeyForResult: "items"
    })
    assert.equal(answer.getData().length, 61)
    assert.deepEqual(answer.getData()[0], { id: 60, opportunity: 6000 })
  })

  test("of tasks, a page at a time", async () => {
    const titles = []
    const pages = hook().actions.v2.fetchList.make({
      method: "tasks.task.list", params: { select: ["ID", "TITLE"] },
      idKey: "id", cursorIdKey: "ID", customKeyForResult: "tasks"
    })
    for await (const page of pages) titles.push(page.map((task) => task.title))
    assert.deepEqual(titles.map((page) => page.length), [50, 50, 20])
    assert.equal(titles[2][19], "Task 120")
  })

  test("by `next`", async () => {
    const b24 = hook()
    let answer = await b24.actions.v2.call.make({
      method: "crm.contact.list", params: { order: { ID: "ASC" } }
    })
    const ids = []
    while (answer) {
      ids.push(...answer.getData().result.map((contact) => contact.ID))
      assert.equal(answer.getTotal(), 120)
      answer = await answer.fetchNext(b24.getHttpClient("v2"))
    }
    assert.deepEqual(ids, numbers(120))
  })
})

describe("120 calls at once", () => {
  const many = async (b24) => {
    const ids = numbers(120)
    const deals = await Promise.all(ids.map((id) => call(b24, "crm.deal.get", { id })))
    assert.deepEqual(deals.map((deal) => deal.ID), ids)
  }

  test("within the portal's limit, as the client knows it", async () => {
    await control("settings", { bucket: { enabled: true, rate: 5, burst: 250 } }) // enterprise
    await many(hook({ rateLimit: { burstLimit: 250, drainRate: 5, adaptiveEnabled: true } }))
    assert.equal((await stats()).rejections, 0)
  })

  test("and from a client that ignores it: refused with 503, repeated, done", async () => {
    await control("settings", { bucket: { enabled: true, rate: 0, burst: 50 } })
    const done = many(hook({ ...QUICK, maxRetries: 10 }))
    while ((await stats()).rejections < 70) await setTimeout(20)
    await control("settings", { bucket: { enabled: false } })
    await done
    assert.equal((await stats()).executions["crm.deal.get"], 120)
  })
})

describe("an application", () => {
  test("uses its token, and is somebody", async () => {
    const { app, refreshed } = await application()
    await app.initIsAdmin()
    assert.equal(app.auth.isAdmin, true)
    assert.equal((await call(app, "user.current")).ID, "1")
    assert.deepEqual(refreshed, [])
  })

  test("refreshes once when the portal says expired_token, for 20 calls at once", async () => {
    const { app, refreshed, tokens } = await application()
    await control("expire_tokens")
    // The client refreshes again for a refusal that it hears of after the refresh: so none shall.
    await control("oauth", { delay: 2 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(app, "profile")))
    assert.ok(answers.every((profile) => profile.ID === "1"))
    assert.equal(refreshed.length, 1)
    assert.notEqual(refreshed[0].access_token, tokens.access_token)
    assert.notEqual(refreshed[0].refresh_token, tokens.refresh_token)
    const asked = await requests("oauth.token")
    assert.equal(asked.length, 1)
    assert.match(asked[0].body, /grant_type=refresh_token/)
    assert.equal((await call(app, "user.current")).ID, "1") // with the new token
    assert.equal((await requests("oauth.token")).length, 1)
  })

  test("refreshes by itself what is too old, and goes on with what it got", async () => {
    const tokens = await control("token")
    const { app, refreshed } = await application({ ...tokens, expires: 0 })
    assert.equal((await call(app, "profile")).ID, "1")
    assert.equal(refreshed.length, 1)
    await control("expire_tokens", { access_token: refreshed[0].access_token })
    assert.equal((await call(app, "profile")).ID, "1")
    assert.equal(refreshed.length, 2)
  })

  test("cannot use a refresh token twice", async () => {
    const tokens = await control("token")
    const { app: first } = await application({ ...tokens, expires: 0 })
    await call(first, "profile")
    const { app: second } = await application({ ...tokens, expires: 0 })
    await assert.rejects(second.auth.refreshAuth(), (error) => {
      assert.deepEqual([error.code, error.status], ["invalid_grant", 400])
      return true
    })
  })

  test("learns what it is, and keeps settings", async () => {
    const { app } = await application()
    assert.equal(await call(app, "app.option.set", { options: { colour: "blue" } }), true)
    const { initB24Helper } = useB24Helper()
    const helper = await initB24Helper(app,
      [LoadDataType.App, LoadDataType.Profile, LoadDataType.AppOptions])
    assert.equal(helper.appInfo.data.code, facts.client_id)
    assert.equal(helper.appInfo.data.isInstalled, true)
    assert.equal(helper.licenseInfo.data.isSelfHosted, false)
    assert.equal(helper.appOptions.getString("colour"), "blue")
  })

  test("binds events", async () => {
    const { app } = await application()
    const params = { event: "OnCrmDealAdd", handler: "https://example.com/handler" }
    assert.equal(await call(app, "event.bind", params), true)
    assert.equal((await call(app, "event.get"))[0].event, "ONCRMDEALADD")
    assert.equal(await failure(app, "event.bind", params), "ERROR_CORE 400")
  })
})

describe("a file", () => {
  test("of 1 MB is uploaded", async () => {
    const content = Buffer.alloc(2 ** 20, "b24").toString("base64")
    const file = await call(hook(), "disk.folder.uploadfile", {
      id: 1, data: { NAME: "big.txt" }, fileContent: ["big.txt", content]
    })
    assert.equal(file.NAME, "big.txt")
    assert.equal(Number(file.SIZE), 2 ** 20)
  })
})

describe("methods of all kinds", () => {
  test("who is who", async () => {
    const b24 = hook()
    const me = await call(b24, "user.current")
    const users = await call(b24, "user.get", { filter: { ID: 1 } })
    assert.deepEqual(users.map((user) => user.ID), [me.ID])
    const departments = await call(b24, "department.get")
    assert.ok(departments.some((department) => department.ID === String(me.UF_DEPARTMENT[0])))
    assert.ok((await call(b24, "methods")).includes("im.counters.get"))
  })

  test("an event is bound only by an application", async () => {
    const params = { event: "OnCrmDealAdd", handler: "https://example.com/handler" }
    assert.equal(await failure(hook(), "event.bind", params), "WRONG_AUTH_TYPE 403")
  })
})
