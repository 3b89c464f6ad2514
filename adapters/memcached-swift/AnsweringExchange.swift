// An exchange whose answer is the answer of a whole operation, and whose caller need not wait for it.

import Capabilities
import Multiplex

/// One exchange for one operation: its caller awaits it, or hears of its end.
class AnsweringExchange: Exchange {
    /// Who hears of the end; nil when a caller awaits it.
    @exclusivity(unchecked) final var pending: PendingOperation?

    /// What the server has said, in the operation's terms.
    func answer() throws(Failure) -> Answer { throw .backend("this exchange answers no operation") }

    override func finished() {
        guard let pending else { return }
        self.pending = nil
        if let failure { return pending.end(.failure(Failure(failure))) }
        do throws(Failure) {
            pending.end(.success(try answer()))
        } catch {
            pending.end(.failure(error))
        }
    }
}

extension Multiplexer {
    /// Awaits the exchange that `operation` takes.
    func answer(_ exchange: AnsweringExchange) async throws(Failure) -> Answer {
        do throws(MultiplexFailure) { try await perform(exchange) } catch { throw Failure(error) }
        return try exchange.answer()
    }
}

extension Failure {
    /// The same in the words of adapters.
    init(_ failure: MultiplexFailure) {
        self =
            switch failure {
            case .unavailable(let reason): .unavailable(reason)
            case .indeterminate(let reason): .indeterminate(reason)
            case .timedOut: .indeterminate("no answer in time")
            case .protocolBroken(let reason): .protocolBroken(reason)
            case .cancelled: .cancelled
            }
    }
}
