// What a request may not ask of an operation as the file writes it.

import Capabilities

extension OperationProgram {
    /// Refuses a number that nothing sent can say: without {amount} it is one, without {delay} none.
    @inline(__always)
    func check(_ input: Input, _ value: Int64, orElse constant: Int64) throws(Failure) {
        guard value != constant, !mentioned.contains(input) else { return }
        throw .refused(
            shape.capability, reason: "\(input.spelling) is always \(constant) here, for \(shape.name) does not send it"
        )
    }

    /// Refuses values that would lead out of the path: `.` and `..` between two slashes (RFC 3986, 5.2.4).
    @inline(__always)
    func checkPath(_ inputs: borrowing Inputs) throws(Failure) {
        if !pathInputs.isEmpty { try checkSegments(inputs) }
    }

    private func checkSegments(_ inputs: borrowing Inputs) throws(Failure) {
        for input in pathInputs {
            let isItem = takesSeveral && (inputs.keys + inputs.others).contains(where: Self.isDots)
            guard isItem || Self.isDots(inputs[input]) else { continue }
            throw .refused(
                shape.capability,
                reason: "\(input.spelling) cannot be \".\" or \"..\" here, which in a path mean another place")
        }
    }

    private static func isDots(_ value: [UInt8]) -> Bool {
        value.count <= 2 && !value.isEmpty && value.allSatisfy { $0 == UInt8(ascii: ".") }
    }
}
