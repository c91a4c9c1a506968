/* lua/inbox.h: what the files about people's messages share. They read Lua tables, as JSON gave
   them: any member may be missing or of another type than documented. */
#ifndef B24_LUA_INBOX_H
#define B24_LUA_INBOX_H

#include "im/inbox.h"
#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* ---- fields.c. `table` is a stack index; where there is no table, there are no members. All
 * raw. */

/* [0, +1] and LUA_T…; nil for b24.null too. */
int b24L_get_member(lua_State *L, int table, const char *name);

/* [0, 0] A whole number at `index`, or one in a decimal string. Allocates nothing. */
bool b24L_to_number(lua_State *L, int index, lua_Number *value);

/* [0, 0] The string at `index`, or the whole number there as text in `digits`; empty for others.
   Allocates nothing. */
struct b24_view b24L_to_digits(lua_State *L, int index, char digits[B24_ID_MAX + 1]);

/* [0, 0] The member as b24L_to_number. */
bool b24L_member_count(lua_State *L, int table, const char *name, lua_Number *value);

/* [0, 0] A date, in seconds since 1970. */
bool b24L_member_date(lua_State *L, int table, const char *name, double *seconds);

/* [0, 0] A boolean that is there and is `wanted`. */
bool b24L_member_is(lua_State *L, int table, const char *name, bool wanted);

/* [0, 0] target[to] = source[from], if that is a string with something in it. */
bool b24L_copy_member(lua_State *L, int target, const char *to, int source, const char *from);

/* [0, 0] The id at `index` (a number or decimal digits) as a dialog id: after "chat", or alone if
   it is a `person`'s. False for others, such as "" and 0. */
bool b24L_to_dialog_id(lua_State *L, int index, bool person, char id[B24_DIALOG_ID_MAX + 1]);

/* [0, 0] The member as such a dialog id; "chat18" is taken as it is. */
bool b24L_member_dialog_id(lua_State *L, int table, const char *name, bool person,
                           char id[B24_DIALOG_ID_MAX + 1]);

/* ---- inbox.c */

/* [0, +1] All dialogs that the counters name, an owned value (see owned.h). */
struct b24_inbox *b24L_push_inbox(lua_State *L, const struct b24_counts *counts);

/* [0, 0] The entry at `index`, of an inbox that Lua holds, without its texts. What is missing or of
   another type is empty. */
struct b24_waiting b24L_to_waiting(lua_State *L, int index);

/* [0, 0] The kind of the chat at `chat` ("lines", "tasks", …), static; NULL: the portal does not
   say. */
const char *b24L_chat_kind(lua_State *L, int chat);

/* [0, 0] Is the chat at `chat` muted by the user `me` (0: unknown)? */
bool b24L_chat_muted(lua_State *L, int chat, lua_Number me);

/* [0, 0] Sets inbox, messages, plain and date in the table on top. */
void b24L_open_inbox(lua_State *L);

/* ---- inbox_ask.c, messages.c, why.c */

int b24L_inbox_questions(lua_State *L);
int b24L_inbox_answers(lua_State *L);
int b24L_messages(lua_State *L);
int b24L_plain(lua_State *L);
int b24L_date(lua_State *L);
int b24L_why(lua_State *L);

B24_PRIVATE_END
#endif
