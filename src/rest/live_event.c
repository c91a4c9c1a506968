#include "rest/live_event.h"

#include <string.h>

#include "json/document.h"

/* Commands of the messenger after which nothing is more or less unread. Whatever is not here may
   change counters: a question too many costs little, a missing one a wrong number. */
static const char *const harmless[] = {
    "startWriting",
    "inputActionNotify",
    "messageLike",
    "addReaction",
    "deleteReaction",
    "messageUpdate",
    "messageParamsUpdate",
    "userStatus",
    "userUpdate",
    "userInvite",
    "updateUser",
    "botAdd",
    "botUpdate",
    "botDelete",
    "desktopOnline",
    "desktopOffline",
    "readMessageOpponent",
    "readMessageChatOpponent",
    "unreadMessageOpponent",
    "chatPin",
    "pinAdd",
    "pinDelete",
    "pinsAdd",
    "pinsDelete",
    "chatRename",
    "chatAvatar",
    "chatUpdate",
    "chatChangeColor",
    "chatManagers",
    "chatOwner",
    "chatUserAdd",
    "chatPinAdd",
    "chatPinRemove",
    "settingsUpdate",
    "generalChatAccess",
    "applyCounterFilter",
    "userShowInRecentOff",
    "recentPin",
    "draftMessage",
};

static const char *text(const cJSON *object, const char *name) {
    const cJSON *value = b24_member(object, name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

/* A notification that only flashes up is not kept. */
static bool only_flashes(const char *command, const cJSON *params) {
    const cJSON *flash = b24_member(params, "onlyFlash");
    return strcmp(command, "notifyAdd") == 0 &&
           (cJSON_IsTrue(flash) || strcmp(text(params, "onlyFlash"), "Y") == 0);
}

static enum b24_live_effect of_messenger(const cJSON *body) {
    const char *command = text(body, "command");
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(command, harmless[i]) == 0) return B24_LIVE_NOTHING;
    return only_flashes(command, b24_member(body, "params")) ? B24_LIVE_NOTHING : B24_LIVE_COUNTERS;
}

/* Of the shared channel, which b24 does not listen to, nothing is of interest. */
static enum b24_live_effect of_channel(const cJSON *params, struct b24_view *channel) {
    const cJSON *fresh = b24_member(params, "new_channel");
    const cJSON *old = b24_member(params, "channel");
    const char *type = text(cJSON_IsObject(fresh) ? fresh : old, "type"), *id = text(fresh, "id");
    if (strcmp(type, "shared") == 0) return B24_LIVE_NOTHING;
    if (strcmp(text(params, "action"), "reconnect") != 0 || id[0] == '\0')
        return B24_LIVE_NEW_CONFIG;
    *channel = b24_view_of(id);
    return B24_LIVE_NEW_CHANNEL;
}

static enum b24_live_effect of_push_server(const cJSON *body, struct b24_view *channel) {
    const char *command = text(body, "command");
    if (strcmp(command, "channel_expire") == 0)
        return of_channel(b24_member(body, "params"), channel);
    if (strcmp(command, "config_expire") == 0) return B24_LIVE_NEW_CONFIG_SOON;
    if (strcmp(command, "server_restart") == 0) return B24_LIVE_RESTART;
    return B24_LIVE_NOTHING;
}

enum b24_live_effect b24_live_effect_of(const cJSON *body, struct b24_view *channel) {
    if (!cJSON_IsObject(body)) return B24_LIVE_COUNTERS;
    const char *module = text(body, "module_id");
    if (strcmp(module, "pull") == 0) return of_push_server(body, channel);
    if (module[0] != '\0' && strcmp(module, "im") != 0) return B24_LIVE_NOTHING;
    return of_messenger(body);
}
