// Accepts the connections of one listening socket and starts a session for each.

import Logging
import Reactor

/// The task of one listening socket: it owns the sessions that came through it.
///
/// Sessions are child tasks, so the acceptor ends after its sessions have ended, and cancelling it cancels them.
struct Acceptor: Sendable {
    let listener: ListenerState
    /// Where the listening socket is watched.
    let home: WorkerState
    /// Where sessions may live; more than the home only where a socket cannot be shared.
    let places: [WorkerState]
    let grace: Duration
    let logger: Logger

    /// How long accepting pauses when the system has no descriptor left.
    private static let pause: UInt64 = 100_000_000

    /// Runs until the gateway stops and the sessions are over.
    func run(_ listening: ListeningDescriptor, stop: StopSignal) async {
        let waker = Waker(worker: home.worker)
        guard let socket = try? Listener(taking: listening, waker: waker) else {
            logger.critical("cannot watch listener", metadata: ["listener": "\(listener.name)"])
            return
        }
        stop.onChange { waker.wakeFromAnywhere() }
        await withDiscardingTaskGroup { group in
            await accept(from: socket, waker: waker, stop: stop, into: &group)
            socket.close()
            await finish(waker: waker, stop: stop)
            group.cancelAll()
        }
    }

    private func accept(
        from socket: Listener, waker: Waker, stop: StopSignal, into group: inout DiscardingTaskGroup
    ) async {
        var next = 0
        while !stop.isDraining {
            do throws(IOError) {
                while let connection = try socket.accept() {
                    let place = places[next % places.count]
                    next &+= 1
                    let listener = listener
                    let logger = logger
                    group.addTask(executorPreference: place.worker) {
                        // Around everything the task does: a step that never ends keeps its task counted.
                        place.noteSessionTaskStart()
                        defer { place.noteSessionTaskEnd() }
                        await SessionRunner.run(connection, listener: listener, local: place, logger: logger)
                    }
                }
                waker.setDeadline(after: nil)
            } catch {
                home.metrics[listener.index].count(failure: "accept-\(error.code)")
                logger.error("cannot accept", metadata: ["listener": "\(listener.name)", "error": "\(error)"])
                waker.setDeadline(after: Self.pause)
            }
            await waker.wait()
        }
    }

    /// Waits until the listener has no session left, the grace is over, or there is none.
    private func finish(waker: Waker, stop: StopSignal) async {
        let end = home.worker.now &+ grace.nanoseconds
        while listener.sessionCount > 0, !stop.isAborting, home.worker.now < end {
            waker.setDeadline(after: 20_000_000)
            await waker.wait()
        }
    }
}
