// An operation of a declared adapter before its exchange: what is sent, and how the answer is read.

import Capabilities

/// One operation of the file with its inputs.
struct DeclaredPlan {
    let operation: OperationProgram
    var inputs: Inputs
    let shape: DeclaredAnswerShape

    init(_ operation: OperationProgram, _ inputs: Inputs, _ shape: DeclaredAnswerShape) {
        self.operation = operation
        self.inputs = inputs
        self.shape = shape
    }
}
