// The router of a listener with one backend, whose gateway asks its clients who they are, or denies them commands.

import RedisWire

/// Sends everything to one place.
final class SingleRouter: RedisRouter {
    private let lane: RoutedLane
    let keepsOwn: Bool
    let hasOnePlace = true

    init(_ backend: Backend, _ local: WorkerState) {
        lane = RoutedLane(backend, local.sharedUpstreams(of: backend), index: 0)
        keepsOwn = backend.configuration.mode == .session
    }

    func home(_ state: RoutedState) -> RoutedLane { lane }

    func decide(_ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> RedisDecision {
        .anywhere(lane)
    }
}
