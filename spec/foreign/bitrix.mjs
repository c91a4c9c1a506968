// @2bad/bitrix, which sends everything in the query of a GET, against the mock portal.

import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import { control, facts, numbers, requests, stats } from "./portal.mjs"

// Its queue lets two requests a second go. Here its second has 100 ms, and so has the portal's.
const FASTER = 10
const { setInterval: real } = globalThis
globalThis.setInterval = (run, delay, ...rest) => real(run, delay / FASTER, ...rest)

const { Bitrix } = (await import("@2bad/bitrix")).default
const webhook = facts.webhook.replace(/\/$/, "")
const bitrix = () => Bitrix(webhook)

/** What an HTTP error of got says: the portal's code and the status. */
async function failure(promise) {
  try {
    await promise
  } catch (error) {
    const { response } = error
    return response ? `${response.body.error} ${response.statusCode}` : error.message
  }
  assert.fail("it did not fail")
}

beforeEach(() => control("reset"))

describe("a call", () => {
  test("by the services", async () => {
    const client = bitrix()
    assert.equal((await client.deals.get("77")).result.TITLE, "Deal 77")
    assert.equal((await client.users.get("1")).result[0].ID, "1")
    assert.equal((await client.contacts.get("5")).result.ID, "5")
    const { result } = await client.deals.create({ TITLE: "Rails, 2 km & <more>" })
    assert.equal((await client.deals.update(result, { OPPORTUNITY: "5.5" })).result, true)
    const deal = (await client.deals.get(result)).result
    assert.deepEqual([deal.TITLE, deal.OPPORTUNITY], ["Rails, 2 km & <more>", "5.50"])
  })

  test("of an application: it loses the token, and is told so", async () => {
    const client = Bitrix(facts.webhook.match(/^.*?\/rest\//)[0], facts.token)
    assert.equal(await failure(client.call("profile", {})), "NO_AUTH_FOUND 401")
    // Its hook looks for what its HTTP client has no more.
    assert.equal((await requests("profile"))[0].path, "/rest/profile")
  })

  test("fails as on a real portal", async () => {
    assert.equal(await failure(bitrix().call("no.such", {})), "ERROR_METHOD_NOT_FOUND 404")
    assert.equal(await failure(bitrix().deals.get("4711")), " 400")
    const wrong = Bitrix(webhook.replace(facts.secret, "abcdefabcdefabcd"))
    assert.equal(await failure(wrong.call("profile", {})), "INVALID_CREDENTIALS 401")
  })

  test("whose address is longer than 8 KB is refused in words", async () => {
    const text = (length) => bitrix().call("b24test.echo", { text: "x".repeat(length) })
    assert.equal((await text(8000)).result.text.length, 8000)
    await assert.rejects(text(8200), (error) => {
      assert.equal(error.response.statusCode, 414)
      assert.match(error.response.rawBody.toString(), /<title>414 Request-URI Too Large/)
      return true
    })
  })
})

describe("a batch", () => {
  test("by names, with references", async () => {
    const { result } = await bitrix().batch({
      deals: { method: "crm.deal.list", params: { order: { ID: "DESC" }, select: ["ID"] } },
      last: { method: "crm.deal.get", params: { id: "$result[deals][0][ID]" } }
    })
    assert.equal(result.result.last.ID, "120")
    assert.deepEqual(result.result_total, { deals: 120 })
    assert.deepEqual(result.result_error, [])
  })

  test("with an error", async () => {
    const commands = { a: { method: "profile" }, b: { method: "no.such" } }
    assert.match(await failure(bitrix().batch(commands)),
      /^\[batch\] failed to process. Received errors in 1 commands/)
  })

  test("of 120 commands, in three requests with long addresses", async () => {
    const select = ["ID", "TITLE"]
    const commands = numbers(120).map((id) => ({ method: "crm.deal.get", params: { id, select } }))
    const { result } = await bitrix().batch(commands)
    assert.deepEqual(result.result.map((deal) => deal.ID), numbers(120))
    const sent = await requests("batch")
    assert.equal(sent.length, 3)
    assert.ok(sent[0].path.length > 4096)
  })
})

describe("a list", () => {
  test("of 300 deals: the first page, the others by a batch", async () => {
    await control("settings", { deals: 300 })
    const { result, total } = await bitrix().deals.list({ select: ["ID"] })
    assert.deepEqual(result.map((deal) => deal.ID), numbers(300))
    assert.equal(total, 300)
    assert.equal((await requests("batch")).length, 1)
  })

  test("filtered and in order", async () => {
    const { result, total } = await bitrix().deals.list({
      filter: { STAGE_ID: "WON", ">OPPORTUNITY": 3000 }, order: { OPPORTUNITY: "DESC" },
      select: ["ID", "OPPORTUNITY"]
    })
    assert.equal(total, 18)
    assert.deepEqual(result[0], { ID: "120", OPPORTUNITY: "12000.00" })
  })

  test("of contacts", async () => {
    assert.equal((await bitrix().contacts.list({ filter: { ASSIGNED_BY_ID: 3 } })).total, 17)
  })
})

describe("120 calls at once", () => {
  test("never exceed the portal's limit", async () => {
    await control("settings", { bucket: { enabled: true, rate: 2 * FASTER * 1.1, burst: 50 } })
    const client = bitrix()
    const ids = numbers(120)
    const deals = await Promise.all(ids.map((id) => client.deals.get(id)))
    assert.deepEqual(deals.map(({ result }) => result.ID), ids)
    assert.equal((await stats()).rejections, 0)
  })
})
