// What `fairlead adapters new` writes.

/// A commented starting point that passes its own check.
public enum StarterFile {
    /// The text for an adapter called `name`: letters, digits and hyphens.
    public static func text(_ name: String) -> String {
        template.replacing("NAME", with: name)
    }

    private static let template = """
        # The adapter NAME: how Fairlead speaks a private protocol.
        #
        # Every key is told in adapters/REFERENCE.md; adapters/GUIDE.md leads through a whole file. After each change:
        #     fairlead adapters check PATH-OF-THIS-FILE
        #
        # This file is for a made-up protocol of lines. Replace what is not yours, from the top to the bottom.
        adapter: NAME
        summary: what it speaks, in one line

        # How the server is reached: tcp, unix and tls, or http and https with `framing: http`.
        transport:
          schemes: [tcp, tls]
          port: 7070              # of a url that names none
          connections: 1          # of each worker; more when the server does one request of a connection at a time
          pipeline: 256           # requests that may wait for their answers; 1 when the server wants to be asked one by one

        # What a backend's `options:` may set; in templates {setting.token}.
        settings:
          token: { default: "", text: what the server asks for at the login }

        # Where a message begins and ends. Others: length: { width: 4 }, header: { … }, http: {}, delimiter: { end: "\\0" },
        # until-close: {}. Behind them, `payload: json` or `payload: msgpack`, and `fields:` with paths into it.
        framing:
          lines: { end: "\\r\\n", longest: 4KiB }

        # Answers come in the order of the requests. With an id: `correlation: { id: FIELD }`, and {id} in what is sent.
        correlation: in-order

        # What the server may send at most.
        limits:
          frame: 4MiB

        # What may stand in a key. Without this a key could hold a line end, and with it a command.
        keys: { allowed: printable, others: percent, longest: 250 }

        # Everything that the server can say, and what it means. The first one that fits counts.
        # Meanings: result, missing, conflict, retryable, fatal, too-large, wrong-type, not-a-number, no-bucket, more, end,
        # next, push, ignored.
        messages:
          WELCOME: { line: "WELCOME {_}", is: result }
          # A line that says how many bytes follow it.
          VALUE:   { line: "VALUE {size:number}", body: { value: size, end: "\\r\\n" }, is: result }
          OK:      { line: "OK", is: result }
          NONE:    { line: "NONE", is: missing }
          BUSY:    { line: "BUSY", is: retryable }
          # {text} is what the client is told.
          ERROR:   { line: "ERROR {text:rest}", is: fatal }

        # What is said on a new connection, before anybody's request. Delete it when there is nothing to say.
        login:
          - send: "LOGIN {setting.token}\\r\\n"

        # What shows that a quiet connection lives. Delete it when the protocol has no such thing.
        keep-alive:
          every: 30s
          send: "PING\\r\\n"
          replies: { OK: result }

        # What the server can do. What is not here is refused, by name, in the client's own protocol.
        capabilities:
          kv.get: native
          kv.set: { support: native, bounds: { value-bytes: 4MiB }, note: one sentence for a person }
          kv.delete: native
          kv.exists: { support: emulated, note: by getting the value }
          # When keys hold more than values, and `type` tells what:
          # kv.type: native
          # hash.get: { support: native, weakenings: [not-atomic] }
          # hash.set: native

        # What is sent. Names in braces come from the request; `fairlead adapters check` names them when one is wrong.
        # `expects` is what can answer it, besides errors: any other message is somebody else's and ends the connection. When
        # your answers repeat the key, let them prove it: {name=key} in the message's line.
        operations:
          get:    { send: "GET {key}\\r\\n", expects: [VALUE, NONE] }
          set:    { send: "SET {key} {value.length}\\r\\n{value}\\r\\n", expects: OK }
          delete: { send: "DELETE {key}\\r\\n", expects: [OK, NONE] }
          # A field can hold any bytes, so a filter writes them; {each …} says what is sent for every item of a request.
          # type:     { send: "TYPE {key}\\r\\n", expects: [VALUE, NONE] }
          # hash.get: { send: "HGET {key} {field | base64}\\r\\n", expects: [VALUE, NONE] }
          # hash.set: { send: "HSET {key}{each pairs} {field | base64} {value | base64}{end}\\r\\n", expects: COUNT }

        """
}
