// Every key of the language: the table that the reader checks files against and that the reference is made from.

/// The sections of an adapter file.
enum Language {
    static let file = LanguageSection(
        name: "The file", intro: "An adapter file is one YAML mapping with these keys.",
        keys: [
            LanguageKey("adapter", "a name", isRequired: true, "The adapter's name, as errors and lists show it."),
            LanguageKey("summary", "one line", "What it speaks, for `fairlead adapters list`."),
            LanguageKey("document", "text", "Where the protocol is described; for readers of the file only."),
            LanguageKey("transport", "see transport", isRequired: true, "How the server is reached."),
            LanguageKey("settings", "see settings", "What a backend's `options:` may set."),
            LanguageKey("framing", "see framing", isRequired: true, "Where a message begins and ends."),
            LanguageKey(
                "payload", "bytes, json or msgpack", otherwise: "bytes",
                "What a message's body is; it is the root of the paths in `fields`."),
            LanguageKey(
                "correlation", "in-order, or { id: FIELD }", otherwise: "in-order",
                "How an answer finds its request. With an id, what is sent names it {id} (or has a header field of that name). During the login an answer without an id is for the step that waits; after it, an error without one ends the connection and its text is shown, and anything else without one is for nobody."
            ),
            LanguageKey("limits", "see limits", "Bounds on what the server may send."),
            LanguageKey("keys", "see keys", "How keys, lock names, queues and channels are written."),
            LanguageKey("expiry", "see expiry", "How times to live are written."),
            LanguageKey(
                "escapes", "a mapping of text to its escape",
                "What the filter `escaped` replaces, such as \"\\n\": \"\\\\n\"."),
            LanguageKey(
                "fields", "a mapping of names to paths",
                "Values that are taken from a payload: `name: kvs[0].value | base64`. A path is keys with dots, [N] for an "
                    + "item and [*] for every item; filters behind it decode."),
            LanguageKey(
                "messages", "a mapping, see messages", isRequired: true,
                "What the server can say; the first that fits counts."),
            LanguageKey("login", "a list of steps", "What is said on a new connection before the first request."),
            LanguageKey("keep-alive", "see keep-alive", "What shows that a quiet connection lives."),
            LanguageKey(
                "capabilities", "a mapping, see capabilities", isRequired: true,
                "The manifest. What it does not mention is refused."),
            LanguageKey(
                "operations", "a mapping, see operations", isRequired: true,
                "What is sent for each operation and what the answers mean."),
        ])

    static let transport = LanguageSection(
        name: "transport", intro: "How the server is reached.",
        keys: [
            LanguageKey(
                "schemes", "a list of tcp, unix, tls, http, https", isRequired: true,
                "The schemes that a backend's `url:` may have."),
            LanguageKey("port", "a number", "The port of a URL that names none."),
            LanguageKey("connections", "a number", otherwise: "1", "The most connections of each worker."),
            LanguageKey(
                "pipeline", "a number", otherwise: "256; 1 for http and until-close",
                "The most requests of a connection that wait for their answers."),
            LanguageKey(
                "connect-timeout", "a duration", otherwise: "5s", "How long connecting and logging in may take."),
            LanguageKey(
                "reply-timeout", "a duration", otherwise: "5s",
                "How long an answer may take; the backend's response time-out goes before it."),
            LanguageKey(
                "idle-timeout", "a duration", otherwise: "never",
                "After how long without a request a connection is closed."),
        ])

    static let setting = LanguageSection(
        name: "settings.NAME",
        intro:
            "A value from the backend's `options:`, in templates {setting.NAME}. Every declared adapter has these options besides: `connections`, and with TLS `ca` (a PEM file) and `verify` (yes or no). The backend's own keys for TLS and time-outs go before those of the file.",
        keys: [
            LanguageKey(
                "default", "text",
                "What holds when the configuration gives none; without it the option has to be given."),
            LanguageKey("text", "one line", "What it is for."),
        ])

    static let framing = LanguageSection(
        name: "framing", intro: "Exactly one of these.",
        keys: [
            LanguageKey("lines", "see framing.lines", "Lines of text; a line may announce so many bytes behind it."),
            LanguageKey(
                "delimiter", "see framing.lines", "The same under the name for messages that end with any other bytes."),
            LanguageKey("length", "see framing.length", "A length stands before each message."),
            LanguageKey(
                "header", "see framing.header",
                "A binary header of fixed size, with named fields, stands before each message."),
            LanguageKey("http", "see framing.http", "HTTP/1.1."),
            LanguageKey(
                "until-close", "{}", "One message per connection: it ends when the server closes. Field `body`."),
        ])

    static let lines = LanguageSection(
        name: "framing.lines and framing.delimiter", intro: "Text or bytes up to an end mark.",
        keys: [
            LanguageKey("end", "text", otherwise: "\"\\r\\n\"", "What ends a message."),
            LanguageKey("longest", "a size", otherwise: "64KiB", "The longest line; longer ones break the connection."),
        ])

    static let length = LanguageSection(
        name: "framing.length", intro: "A number before each message; what follows it is the field `body`.",
        keys: [
            LanguageKey("width", "a number of bytes from 1 to 8", isRequired: true, "How wide the number is."),
            LanguageKey("order", "big or little", otherwise: "big", "Which byte comes first."),
            LanguageKey("counts", "body or all", otherwise: "body", "Whether the number counts itself."),
        ])

    static let header = LanguageSection(
        name: "framing.header", intro: "Fields of fixed width, then a body in parts.",
        keys: [
            LanguageKey("order", "big or little", otherwise: "big", "Which byte of a number comes first."),
            LanguageKey(
                "fields", "a mapping of names to u8, u16, u24, u32 or u64", isRequired: true,
                "The fields in their order. Each can be used in conditions and as a value."),
            LanguageKey("body", "the name of a field", isRequired: true, "The field with the length of what follows."),
            LanguageKey("counts", "body or all", otherwise: "body", "Whether that length counts the header too."),
            LanguageKey(
                "parts", "a mapping of names to fields", otherwise: "{ body: rest }",
                "The parts of the body in their order, each with the field that holds its length; the last one takes the `rest`."
            ),
            LanguageKey("send", "a mapping of fields to numbers", "What fields hold in everything that is sent."),
            LanguageKey(
                "echo", "a list of fields",
                "Fields that every answer repeats from its request; an answer with another number breaks the connection."
            ),
        ])

    static let http = LanguageSection(
        name: "framing.http",
        intro: "Field `status` is the number of the status line; the payload is the body, field `body`.",
        keys: [
            LanguageKey("headers", "a mapping of names to templates of settings", "Header fields of every request."),
            LanguageKey(
                "fields", "a mapping of names to header fields",
                "Fields that are header fields of an answer, with filters: `etag: ETag | quoted`, `modified: Last-Modified | date`."
            ),
        ])

    static let limits = LanguageSection(
        name: "limits", intro: "What is beyond breaks the connection, so that a broken server cannot fill the memory.",
        keys: [
            LanguageKey("frame", "a size", otherwise: "16MiB", "The largest message."),
            LanguageKey("depth", "a number", otherwise: "32", "How deep JSON and MessagePack may nest."),
            LanguageKey(
                "items", "a number", otherwise: "100000",
                "The most items of one answer, over all its messages and pages."),
            LanguageKey(
                "attempts", "a number", otherwise: "16", "How often a compare-and-set of an emulation is tried."),
        ])

    static let keys = LanguageSection(
        name: "keys", intro: "How names are written: keys, lock names, queues and channels.",
        keys: [
            LanguageKey(
                "allowed", "any, printable, or characters such as \"A-Za-z0-9._-\"", otherwise: "any",
                "The bytes that a name may have. `printable` is every visible ASCII character."),
            LanguageKey("without", "characters", "Those of `allowed` that are not allowed after all."),
            LanguageKey(
                "others", "refuse or percent", otherwise: "refuse",
                "What becomes of other bytes: the request is refused, or each is written as %XX (and % as %25)."),
            LanguageKey(
                "separator", "one character", "What stands between the words of a name; empty words are refused."),
            LanguageKey("longest", "a number of bytes", otherwise: "64KiB", "The longest name, as it is written."),
            LanguageKey(
                "prefix", "a template of settings",
                "What stands before every key of kv, and is taken from it again in lists."),
        ])

    static let expiry = LanguageSection(
        name: "expiry", intro: "What {expiry} is.",
        keys: [
            LanguageKey("unit", "seconds or milliseconds", otherwise: "milliseconds", "What the number counts."),
            LanguageKey("counts", "from-now or since-1970", otherwise: "from-now", "Where it begins to count."),
            LanguageKey(
                "longest", "a duration in s, m, h or d", "The longest time that is written from now; needs `beyond`."),
            LanguageKey("beyond", "since-1970 or refuse", otherwise: "refuse", "What becomes of longer times."),
            LanguageKey(
                "fraction", "refuse or up", otherwise: "refuse",
                "What becomes of a part of a second: up needs the weakening whole-seconds at kv.ttl."),
            LanguageKey(
                "never", "a number", otherwise: "0",
                "What is written when a value has no expiry; a set that writes {expiry} covers both then."),
            LanguageKey(
                "past", "a number", "What is written for a time that has passed; without it such a request is refused."),
            LanguageKey(
                "latest", "a number", "The largest number that the server understands; later times are refused."),
            LanguageKey(
                "none", "a number", otherwise: "-1", "What the server says, in `left`, for a value without expiry."),
        ])

    static let message = LanguageSection(
        name: "messages.NAME", intro: "Something the server says. Messages are tried in their order.",
        keys: [
            LanguageKey(
                "line", "a pattern",
                "Lines only: literal text and {field}, {field:number}, {field:rest} or {_}; a field is one word, `rest` "
                    + "takes the rest of the line. {field=key} has to be the request's key: see `echo`."),
            LanguageKey(
                "body", "{ FIELD: LENGTH, end: text }",
                "Lines only: so many bytes follow the line, as the field LENGTH says, and then the end mark."),
            LanguageKey("when", "a condition", "When it is this one: `status == 200 and not error`."),
            LanguageKey(
                "echo", "a mapping of fields to inputs",
                "What the message repeats of its request, such as { name: key }: a field that is there and differs breaks the "
                    + "connection, and nobody gets another's answer. `key` is also the name of a lock or a queue, and any of the "
                    + "keys of get-many. Not compared where a request has no such input."),
            LanguageKey("is", "an outcome", "What it means unless the operation says otherwise; see outcomes."),
            LanguageKey(
                "then", "more", "The answer goes on behind it: of an error that is followed by the end of the answer."),
            LanguageKey("close", "yes or no", otherwise: "no", "Whether the connection is given up after it."),
            LanguageKey(
                "answer", "a template of settings",
                "What is sent back at once; the message is nobody's answer then, as a server's PING."),
        ])

    static let step = LanguageSection(
        name: "operations.NAME, login and keep-alive", intro: "One exchange: what is sent and what the answers mean.",
        keys: [
            LanguageKey(
                "send", "see what is sent", "What goes out. Without it, what the server says unasked is waited for."),
            LanguageKey(
                "replies", "a mapping of messages to outcomes",
                "`MESSAGE: outcome`, `MESSAGE: { is: outcome, if: condition, OUTPUT: FIELD }`, or a list of such rules, tried in order. A "
                    + "message that is not named means what its own `is` says."),
            LanguageKey(
                "expects", "a message or a list of messages", otherwise: "all messages",
                "What can answer this, with those under `replies`. Errors (fatal, retryable, too-large) always can; any other "
                    + "message breaks the connection."),
            LanguageKey(
                "steps", "a list of exchanges",
                "Several exchanges, one after the other; a reply that is `next` goes on, any other outcome ends it."),
            LanguageKey("if", "a condition", "In steps: when it does not hold, the step is skipped."),
            LanguageKey("pages", "see pages", "Asks again until everything was told."),
            LanguageKey(
                "stream", "yes or no", otherwise: "no",
                "HTTP only, subscriptions only: the answer has no end, each line of it is a message."),
            LanguageKey(
                "longest-key", "a number of bytes",
                "A narrower bound for this operation, where more than the name is written."),
            LanguageKey(
                "prefix", "text",
                "What stands before the name of a lock, a queue or a sequence, in {name} and in echoes."),
            LanguageKey("every", "a duration", "Keep-alive only: how long a connection may be quiet."),
        ])

    static let pages = LanguageSection(
        name: "pages",
        intro: "Lists that come in parts. {page} is where a part begins: empty, or the first key, at first.",
        keys: [
            LanguageKey("while", "a condition", isRequired: true, "Whether there is another page."),
            LanguageKey(
                "next", "a template", isRequired: true,
                "Where it begins: fields of the answer, {last} for the last name as the server wrote it."),
        ])

    static let send = LanguageSection(
        name: "what is sent",
        intro:
            "A template, a list of templates and `{ json: … }` and so on, or a mapping with these keys. With `framing.header`: the header's fields and parts.",
        keys: [
            LanguageKey("text", "a template", "Text with {name} and {name | filter}; {{ and }} are braces."),
            LanguageKey(
                "json", "any YAML",
                "A JSON value; its texts are templates. `{name | number}` alone in a text becomes a bare number."),
            LanguageKey("msgpack", "any YAML", "The same as MessagePack; `{name | bytes}` alone becomes binary."),
            LanguageKey("method", "GET, PUT, …", "HTTP: the method, with `path`."),
            LanguageKey("path", "a template", "HTTP: the target of the request; values in it are percent-encoded."),
            LanguageKey("get", "a template", "HTTP: short for `method: GET` and `path`; so are the next four."),
            LanguageKey("head", "a template", "HTTP: see `get`; the answer has no body, whatever length it tells."),
            LanguageKey("post", "a template", "HTTP: see `get`."),
            LanguageKey("put", "a template", "HTTP: see `get`."),
            LanguageKey("delete", "a template", "HTTP: see `get`."),
            LanguageKey("headers", "a mapping of names to templates", "HTTP: header fields of this request."),
        ])

    static let capability = LanguageSection(
        name: "capabilities.NAME",
        intro: "`native`, `emulated`, `ignored` or `refused`, or a mapping with more to say.",
        keys: [
            LanguageKey(
                "support", "native, emulated, ignored or refused", isRequired: true,
                "How it is provided. `emulated` without an operation is done by Fairlead with other operations."),
            LanguageKey(
                "bounds", "a mapping of bounds to numbers or sizes",
                "The most that is taken: key-bytes, value-bytes, batch, databases, expiry-seconds, parts, page-items."),
            LanguageKey(
                "weakenings", "a list",
                "Promises that hold in part: not-atomic, not-durable, whole-seconds, at-least-once, at-most-once, eventually-consistent, evicting, unordered, partial."
            ),
            LanguageKey("note", "one sentence", "What a person should know."),
        ])

    static let sections = [
        file, transport, setting, framing, lines, length, header, http, limits, keys, expiry, message, step, pages,
        send,
        capability,
    ]
}
