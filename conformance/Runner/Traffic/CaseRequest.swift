// A request of a case, for who wants to know what cases ask for and not how they end.

/// One request as a client puts it on the wire.
package struct CaseRequest: Sendable, Equatable {
    package var bytes: [UInt8]
    /// How many requests of the same step go out before it, without waiting for their answers.
    package var ahead = 0
    /// Whether the document promises that it fails: then it proves nothing of what it asks for.
    package var isToFail = false

    init(_ bytes: [UInt8], ahead: Int = 0, isToFail: Bool = false) {
        self.bytes = bytes
        self.ahead = ahead
        self.isToFail = isToFail
    }
}

/// The words of a wire, as far as its cases can be written down without a server.
package protocol RequestWriter: Sendable {
    /// What `action` of the client called `client` sends; its variables are filled in. Empty for one that only reads.
    func requests(
        of action: Tree, client: String, expecting expectation: Tree?
    ) throws(SuiteProblem) -> [CaseRequest]

    /// What a connection that is opened with `options` sends first.
    func opening(_ options: Tree?, client: String) throws(SuiteProblem) -> [CaseRequest]
}
