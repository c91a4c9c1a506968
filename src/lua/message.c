/* One message of im.dialog.messages.get in our shape. What it says is put together by
   im/message.c; here it is read. */
#include "lua/message.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "im/message.h"
#include "lua/text.h"
#include "json/document.h"

#define KEY_MAX 24

static const struct b24_view nothing = {"", 0};

/* ------------------------------------------------------------ reading */

/* The text or number at `index`, as text; it is changed there. */
static struct b24_view view_at(lua_State *L, int index) {
    struct b24_view v = nothing;
    int type = lua_type(L, index);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) v.p = lua_tolstring(L, index, &v.n);
    return v;
}

/* [0, +1] A member of an attachment, whose names are in upper case, or in lower. */
static int get_either(lua_State *L, int table, const char *name) {
    char lower[KEY_MAX];
    size_t n = strlen(name);
    int type = b24L_get_member(L, table, name);
    if (type != LUA_TNIL || n >= sizeof lower) return type;
    lua_pop(L, 1);
    for (size_t i = 0; i <= n; i++) lower[i] = b24_lower(name[i]);
    return b24L_get_member(L, table, lower);
}

static bool is_yes(lua_State *L, int table, const char *name) {
    int type = b24L_get_member(L, table, name);
    struct b24_view v = view_at(L, -1);
    bool yes = type == LUA_TBOOLEAN ? lua_toboolean(L, -1)
                                    : v.n == 1 && (*v.p == 'Y' || *v.p == 'y' || *v.p == '1');
    lua_pop(L, 1);
    return yes;
}

static bool has(lua_State *L, int table, const char *name) {
    bool found = b24L_get_member(L, table, name) != LUA_TNIL;
    lua_pop(L, 1);
    return found;
}

typedef void each_fn(lua_State *L, int value, void *context);

/* [0, 0] Calls `each` for the value at `index`, or for those in it: PHP writes a list as a list, an
   object, or its only value. */
static void for_each(lua_State *L, int index, each_fn *each, void *context) {
    index = b24L_absindex(L, index);
    int n = lua_istable(L, index) ? (int)b24L_rawlen(L, index) : 0;
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        each(L, lua_gettop(L), context);
        lua_pop(L, 1);
    }
    if (n > 0 || lua_isnil(L, index)) return;
    if (!lua_istable(L, index)) {
        each(L, index, context);
        return;
    }
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) each(L, lua_gettop(L), context);
}

/* ------------------------------------------------------------ a message */

/* Stack indices of what a message is made of. */
struct reading {
    int message, raw, params;
    const struct b24L_known *known;
    struct b24_buffer *out; /* what it says */
};

/* [-1, 0] Appends the value on top to message[name]. */
static void append(lua_State *L, int message, const char *name) {
    if (b24L_get_member(L, message, name) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushstring(L, name);
        lua_pushvalue(L, -2);
        lua_rawset(L, message);
    }
    lua_insert(L, -2);
    lua_rawseti(L, -2, (int)b24L_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

/* ---- files */

/* [0, 0] Says what the file at `file` is. */
static void tell_file(lua_State *L, int file, struct b24_buffer *out) {
    lua_Number size;
    struct b24_file f = {nothing, nothing, -1, false, false};
    f.voice_note = is_yes(L, file, "isVoiceNote");
    f.video_note = is_yes(L, file, "isVideoNote");
    if ((b24L_member_count(L, file, "size", &size) || b24L_member_count(L, file, "SIZE", &size)) &&
        size >= 0)
        f.size = (double)size;
    get_either(L, file, "NAME");
    f.name = view_at(L, -1);
    b24L_get_member(L, file, "type");
    f.type = view_at(L, -1);
    b24_message_file(out, &f);
    lua_pop(L, 2);
}

static void add_file(lua_State *L, int value, void *context) {
    struct reading *r = context;
    char id[B24_DIALOG_ID_MAX + 1];
    lua_Number size;
    double number;
    if (!b24L_to_dialog_id(L, value, true, id)) return;
    bool known = b24L_get_member(L, r->known->files, id) == LUA_TTABLE;
    int file = lua_gettop(L);
    if (known) tell_file(L, file, r->out);
    else b24_message_note(r->out, "file", b24_view_of(id));
    lua_createtable(L, 0, 4); /* no addresses: they may hold the webhook's secret */
    if (b24_decimal(id, &number)) b24L_set_count(L, -1, "id", (lua_Number)number);
    else b24L_set_text(L, -1, "id", id);
    b24L_copy_member(L, -1, "name", file, "name");
    b24L_copy_member(L, -1, "type", file, "type");
    if (b24L_member_count(L, file, "size", &size)) b24L_set_count(L, -1, "size", size);
    append(L, r->message, "files");
    lua_pop(L, 1);
}

/* ---- attachments */

static void tell_item(lua_State *L, int item, const char *kind, struct b24_buffer *out) {
    get_either(L, item, "NAME");
    get_either(L, item, "LINK");
    get_either(L, item, "VALUE");
    get_either(L, item, "DESC");
    struct b24_view name = view_at(L, -4), link = view_at(L, -3), value = view_at(L, -2);
    if (strcmp(kind, "IMAGE") == 0) b24_message_note(out, "image", name);
    else if (strcmp(kind, "FILE") == 0) tell_file(L, item, out);
    else if (value.n > 0) b24_message_pair(out, name, ": ", value, "");
    else b24_message_pair(out, name, " (", link, ")");
    b24_message_text(out, view_at(L, -1));
    lua_pop(L, 4);
}

struct block {
    const char *kind;
    struct b24_buffer *out;
};

static void add_item(lua_State *L, int value, void *context) {
    const struct block *block = context;
    if (lua_istable(L, value)) tell_item(L, value, block->kind, block->out);
}

static void add_block(lua_State *L, int value, void *context) {
    static const char *const kinds[] = {"USER", "LINK", "RICH_LINK", "IMAGE", "FILE", "GRID"};
    struct block block = {NULL, context};
    luaL_checkstack(L, 20, "attachment");
    if (get_either(L, value, "MESSAGE") == LUA_TSTRING) b24_message_text(block.out, view_at(L, -1));
    lua_pop(L, 1);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        block.kind = kinds[i];
        /* One item, or a list of them. */
        if (get_either(L, value, kinds[i]) == LUA_TTABLE) {
            bool one = has(L, lua_gettop(L), "NAME") || has(L, lua_gettop(L), "LINK");
            if (one) add_item(L, lua_gettop(L), &block);
            else for_each(L, -1, add_item, &block);
        }
        lua_pop(L, 1);
    }
}

static void add_attachment(lua_State *L, int value, void *context) {
    struct reading *r = context;
    if (!lua_istable(L, value)) return;
    struct b24_buffer *text = b24L_new_text(L);
    if (get_either(L, value, "BLOCKS") == LUA_TTABLE) for_each(L, -1, add_block, text);
    else add_block(L, value, text);
    lua_pop(L, 1);
    if (text->n == 0) {
        get_either(L, value, "DESCRIPTION");
        b24_message_text(text, view_at(L, -1));
        lua_pop(L, 1);
    }
    b24L_push_text(L, text);
    struct b24_view v = view_at(L, -1);
    /* The preview of a link that stands in the text tells nothing new. */
    b24L_get_member(L, r->raw, "text");
    bool preview = has(L, r->params, "URL_ID") && view_at(L, -1).n > 0;
    lua_pop(L, 1);
    if (v.n > 0 && !preview) b24_message_pair(r->out, v, "", nothing, "");
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "text");
    append(L, r->message, "attachments");
    lua_pop(L, 1);
}

/* An attachment alone, or several. */
static void add_attachments(lua_State *L, struct reading *r) {
    get_either(L, r->params, "ATTACH");
    int attach = lua_gettop(L);
    if (has(L, attach, "BLOCKS") || has(L, attach, "blocks")) add_attachment(L, attach, r);
    else for_each(L, attach, add_attachment, r);
    lua_pop(L, 1);
}

/* ---- forwarded, and what has no text */

/* [0, +1] Whose words they are; nil: it does not say. */
static void push_source(lua_State *L, const struct reading *r, int forward) {
    char id[B24_DIALOG_ID_MAX + 1];
    if (!b24L_member_dialog_id(L, forward, "userId", true, id) &&
        !b24L_member_dialog_id(L, r->params, "FORWARD_USER_ID", true, id)) {
        b24L_get_member(L, forward, "chatTitle");
    } else if (b24L_get_member(L, r->known->names, id) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushfstring(L, "user %s", id);
    }
}

static void add_forward(lua_State *L, struct reading *r) {
    b24L_get_member(L, r->raw, "forward");
    int forward = lua_gettop(L);
    bool forwarded = has(L, forward, "id") || has(L, forward, "userId") ||
                     has(L, r->params, "FORWARD_ID") || has(L, r->params, "FORWARD_CONTEXT_ID") ||
                     has(L, r->params, "FORWARD_USER_ID");
    if (forwarded) {
        push_source(L, r, forward);
        struct b24_view source = view_at(L, -1);
        b24_message_note(r->out, source.n > 0 ? "forwarded from" : "forwarded", source);
        b24L_set_flag(L, r->message, "forwarded", true);
        if (source.n > 0) b24L_set_text(L, r->message, "forwarded_from", source.p);
    }
    lua_settop(L, forward - 1);
}

static bool contains(struct b24_view text, const char *word) {
    for (size_t i = 0; i + strlen(word) <= text.n; i++)
        if (b24_starts(text.p + i, word)) return true;
    return false;
}

/* What a message without text, file and attachment is. */
static void add_kind(lua_State *L, struct reading *r) {
    b24L_get_member(L, r->params, "COMPONENT_ID");
    struct b24_view component = view_at(L, -1);
    if (has(L, r->params, "STICKER_PARAMS") || has(L, r->params, "STICKER") ||
        has(L, r->raw, "sticker") || contains(component, "sticker"))
        b24_message_note(r->out, "sticker", nothing);
    else if (has(L, r->params, "CALL_ID") || contains(component, "call"))
        b24_message_note(r->out, "call", nothing);
    else if (contains(component, "voice")) b24_message_note(r->out, "voice note", nothing);
    else if (component.n > 0) b24_message_note(r->out, "no text:", component);
    else b24_message_note(r->out, "no text", nothing);
    lua_pop(L, 1);
}

/* [0, 0] message.plain, .files, .attachments, .deleted, .forwarded, .forwarded_from */
static void set_content(lua_State *L, int message, int raw, const struct b24L_known *known) {
    struct reading r = {.message = message, .raw = raw, .known = known};
    r.out = b24L_new_text(L);
    b24L_get_member(L, raw, "params");
    r.params = lua_gettop(L);
    if (is_yes(L, r.params, "IS_DELETED") || is_yes(L, raw, "isDeleted")) {
        b24L_set_flag(L, message, "deleted", true);
        b24_message_note(r.out, "deleted message", nothing);
    } else {
        add_forward(L, &r);
        size_t head = r.out->n;
        b24L_get_member(L, raw, "text");
        if (lua_type(L, -1) == LUA_TSTRING) b24_message_text(r.out, view_at(L, -1));
        lua_pop(L, 1);
        b24L_get_member(L, r.params, "FILE_ID");
        for_each(L, -1, add_file, &r);
        lua_pop(L, 1);
        add_attachments(L, &r);
        if (r.out->n == head) add_kind(L, &r);
    }
    b24L_push_text(L, r.out);
    lua_setfield(L, message, "plain");
    lua_pop(L, 2);
}

void b24L_push_message(lua_State *L, int raw, const struct b24L_known *known) {
    char author[B24_DIALOG_ID_MAX + 1];
    lua_Number number;
    double date;
    luaL_checkstack(L, 24, "message");
    raw = b24L_absindex(L, raw);
    lua_createtable(L, 0, 8);
    int message = lua_gettop(L);
    if (b24L_member_count(L, raw, "id", &number)) b24L_set_count(L, message, "id", number);
    if (b24L_member_count(L, raw, "author_id", &number))
        b24L_set_count(L, message, "author_id", number);
    if (b24L_member_dialog_id(L, raw, "author_id", true, author))
        b24L_copy_member(L, message, "author", known->names, author);
    if (b24L_member_date(L, raw, "date", &date))
        b24L_set_count(L, message, "date", (lua_Number)date);
    b24L_set_text(L, message, "text", "");
    b24L_copy_member(L, message, "text", raw, "text");
    b24L_set_flag(L, message, "unread", b24L_member_is(L, raw, "unread", true));
    set_content(L, message, raw, known);
}

/* The portal shortens these texts, so a tag may be cut off at the end; it stays then. */
void b24L_push_last_message(lua_State *L, int message) {
    luaL_checkstack(L, 12, "message");
    message = b24L_absindex(L, message);
    int top = lua_gettop(L);
    struct b24_buffer *out = b24L_new_text(L);
    b24L_get_member(L, message, "text");
    b24_message_text(out, lua_type(L, -1) == LUA_TSTRING ? view_at(L, -1) : nothing);
    int type = b24L_get_member(L, message, "file");
    if (out->n == 0 && type == LUA_TTABLE) tell_file(L, lua_gettop(L), out);
    else if (out->n == 0 && is_yes(L, message, "file")) b24_message_note(out, "file", nothing);
    type = b24L_get_member(L, message, "attach");
    if (out->n == 0 && (type == LUA_TTABLE || is_yes(L, message, "attach")))
        b24_message_note(out, "attachment", nothing);
    if (out->n == 0 && has(L, message, "sticker")) b24_message_note(out, "sticker", nothing);
    b24L_check_text(L, out);
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i] == '\n') out->p[i] = ' '; /* one line */
    if (out->n > 0) b24L_push_text(L, out);
    else lua_pushnil(L);
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
}
