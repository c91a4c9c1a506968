// Clients of Bitrix24 from npm: node.mjs jssdk|bitrix TASK WEBHOOK N; see tasks.lua. TASK "loop":
// as loop.lua, with METHOD for TASK's last argument: node.mjs NAME loop WEBHOOK N METHOD.
//
// Both have limits of their own. They keep them where the server has one (crowd); in the other
// tasks they are told to let everything go: b24jssdk by its options, @2bad/bitrix, which has none
// for it, by a second of 1 ms.

import { createInterface } from "node:readline"

const [name, task, webhook, count, method] = process.argv.slice(2)
const n = Number(count)
const limited = task === "crowd"
const ids = Array.from({ length: n }, (_, i) => String(i + 1))

const clients = {
  async jssdk() {
    const { B24Hook } = await import("@bitrix24/b24jssdk")
    const rateLimit = { burstLimit: 1e6, drainRate: 1e6, adaptiveEnabled: false }
    const options = limited ? {} : { restrictionParams: { rateLimit } }
    return (url) => {
      const b24 = B24Hook.fromWebhookUrl(url, options)
      const { call, batchByChunk, callList } = b24.actions.v2
      return {
        call: async (m, params = {}) =>
          (await call.make({ method: m, params })).getData().result,
        deals: async () => (await callList.make({ method: "crm.deal.list" })).getData(),
        batch: async (commands) => (await batchByChunk.make({ calls: commands })).getData()
      }
    }
  },
  async bitrix() {
    const { setInterval, setTimeout } = globalThis
    const soon = (delay) => delay <= 1000 ? delay / 1000 : delay
    if (!limited) {
      globalThis.setInterval = (run, delay, ...rest) => setInterval(run, soon(delay), ...rest)
      globalThis.setTimeout = (run, delay, ...rest) => setTimeout(run, soon(delay), ...rest)
    }
    const { Bitrix } = (await import("@2bad/bitrix")).default
    return (url) => {
      const bitrix = Bitrix(url.replace(/\/$/, ""))
      return {
        call: async (m, params = {}) => (await bitrix.call(m, params)).result,
        deals: async () => (await bitrix.deals.list({})).result,
        batch: async (commands) => (await bitrix.batch(
          commands.map(([m, params]) => ({ method: m, params })))).result.result
      }
    }
  }
}

const right = (answers, test) => answers.filter((answer, i) => answer && test(answer, i)).length
const none = () => null

const tasks = {
  rows: async (open) => right(await open(webhook).deals(), (deal) => deal.ID),
  batch: async (open) => right(await open(webhook).batch(ids.map((id) => ["crm.deal.get", { id }])),
    (deal) => deal.ID),
  accounts: async (open) => right(await Promise.all(ids.map((id) =>
    open(webhook.replace("/rest/1/", `/rest/${50000 + Number(id)}/`)).call("im.counters.get")
      .catch(none))), (counters) => counters.TYPE),
  crowd: async (open) => {
    const client = open(webhook)
    return right(await Promise.all(ids.map((id) =>
      client.call("crm.deal.get", { id }).catch(none))), (deal, i) => deal.ID === ids[i])
  }
}

const cpu = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function loop(client) {
  await client.call(method)
  for await (const _ of createInterface({ input: process.stdin })) {
    const before = cpu()
    for (let i = 0; i < n; i++) await client.call(method)
    console.log(((cpu() - before) / n).toFixed(3))
  }
}

console.debug = console.info = console.warn = () => {}
const open = await clients[name]()
if (task === "loop") {
  await loop(open(webhook))
} else {
  const begun = performance.now(), before = cpu()
  const answers = await tasks[task](open)
  console.log(answers, (performance.now() - begun).toFixed(1), ((cpu() - before) / 1000).toFixed(2))
}
process.exit(0)
