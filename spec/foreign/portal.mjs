// The mock portal from the side of a client that we did not write. scripts/foreign.sh starts one
// for each file of specs.

import { readFileSync } from "node:fs"

export const facts = JSON.parse(readFileSync(process.env.B24_PORTAL + "/portal.json", "utf8"))

/** Runs a control operation (lua/b24/mock names them) and returns its answer. */
export async function control(operation, args = {}) {
  const reply = await fetch(`http://127.0.0.1:${facts.http_port}/__portal/${operation}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(args)
  })
  const answer = await reply.json()
  if (!reply.ok) throw new Error(`portal: ${operation}: ${answer.error}`)
  return answer
}

/** "1", "2", … as the ids of the first rows. */
export const numbers = (count) => Array.from({ length: count }, (_, i) => String(i + 1))

export const stats = () => control("stats")

/** The requests for a method so far, oldest first. */
export async function requests(method) {
  const { entries } = await control("log")
  return entries.filter((entry) => entry.method === method)
}
