-- Everybody's own webhook, by the names that your pages use. Keep this file to yourself: chmod 600.
-- poll also takes a function that returns such a table, for accounts that come and go.
return {
  anna = "https://portal.example/rest/1/SECRET/",
  boris = "https://portal.example/rest/2/SECRET/",
}
