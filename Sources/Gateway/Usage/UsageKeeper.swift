// What a gateway has seen, this run and earlier ones, and the file that keeps it.

import Glibc
import Logging
import Synchronization
import Usage

/// Makes profiles of what the workers counted, and saves them.
final class UsageKeeper: Sendable {
    private struct State {
        /// What earlier runs have seen.
        var earlier = Profile()
        /// When this run began to count.
        var start: UInt64
    }

    /// How long what was seen may be in memory only.
    static let interval = Duration.seconds(60)

    private let gateway: String
    private let file: ProfileFile?
    private let samples: Int
    private let logger: Logger
    private let clock: UsageClock
    private let state: Mutex<State>

    /// Reads the file; what is no profile is moved aside and said loudly, and is no reason not to start.
    init(_ configuration: UsageConfiguration, logger: Logger, clock: UsageClock = UsageClock()) {
        self.logger = logger
        samples = configuration.samples
        self.clock = clock
        file = configuration.file.map { ProfileFile(path: $0) }
        var earlier = Profile()
        if let file {
            do throws(ProfileError) {
                earlier = try file.read() ?? Profile()
            } catch {
                let aside = file.putAside()
                logger.error(
                    "the usage profile of earlier runs cannot be read; recording begins anew",
                    metadata: ["reason": "\(error)", "kept": "\(aside ?? "where it was")"])
            }
        }
        // One gateway keeps its name over its restarts, and two on one machine have two.
        let known = earlier.windows.count == 1 ? earlier.windows.keys.first : nil
        gateway = known ?? "\(Self.host)-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        state = Mutex(State(earlier: earlier, start: UInt64(clock.seconds())))
    }

    var isSaved: Bool { file != nil }

    /// The profile of this run and earlier ones; `counts` are by worker and listener.
    func profile(of counts: [[[UsageSnapshot]]], at listeners: [ListenerState]) -> Profile {
        let (earlier, start) = state.withLock { ($0.earlier, $0.start) }
        var applications: [Application.Key: Application] = [:]
        for worker in counts {
            for (listener, snapshots) in zip(listeners, worker) {
                let table = UsageTables.of(listener.front.wire)
                for snapshot in snapshots {
                    let seen = snapshot.application(table, at: listener)
                    let known = applications[seen.key]
                    applications[seen.key] = known.map { $0.joined(with: seen) } ?? seen
                }
            }
        }
        var profile = Profile(
            windows: [gateway: [Profile.Window(start: start, end: UInt64(clock.seconds()))]],
            applications: Array(applications.values))
        profile.merge(earlier)
        profile.keepSamples(samples)
        return profile
    }

    /// Forgets what earlier runs have seen, and begins a window.
    func reset() {
        let now = UInt64(clock.seconds())
        state.withLock { $0 = State(start: now) }
    }

    func save(_ profile: Profile) {
        do throws(ProfileError) {
            try file?.write(profile)
        } catch {
            logger.error("the usage profile was not saved", metadata: ["reason": "\(error)"])
        }
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "gateway" }
        return UsageIdentity.text(name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }
}

extension UsageSnapshot {
    /// The same by the names of `table`.
    fileprivate func application(_ table: UsageTable, at listener: ListenerState) -> Application {
        let wire = listener.front.wire
        var application = Application(protocol: wire.rawValue, listener: listener.name)
        for (word, text) in identity.texts(of: wire) where !text.isEmpty { application.identity[word] = text }
        for (place, counter) in counters {
            application.features[table.features[place]] = Feature(
                count: counter.count, first: UInt64(counter.first), last: UInt64(counter.last),
                estimated: place >= table.exactCount && total > Sampling.first)
        }
        for (place, texts) in samples {
            application.samples = application.samples ?? [:]
            application.samples?[table.features[place]] = texts
        }
        for (name, counter) in unknown {
            application.features["\(wire.rawValue).unknown.\(name)"] = Feature(
                count: counter.count, first: UInt64(counter.first), last: UInt64(counter.last),
                estimated: total > Sampling.first)
        }
        let ranges = SizeRanges.rangeCount
        for (kind, name) in table.sizes.enumerated() {
            var counts = Array(sizes[(kind * ranges)..<((kind + 1) * ranges)])
            while counts.last == 0 { counts.removeLast() }
            if !counts.isEmpty { application.sizes[name] = SizeRanges(counts: counts) }
        }
        application.peaks = ["sessions": peakSessions, "requests per second": peakRate].filter { $0.value > 0 }
        return application
    }
}

extension UsageIdentity {
    /// The texts by what they are called in `wire`.
    fileprivate func texts(of wire: WireProtocol) -> [(String, String)] {
        switch wire {
        case .redis: [("name", name), ("user", user), ("library", more)]
        case .postgres: [("name", name), ("user", user), ("database", more)]
        case .s3: [("agent", name), ("access-key", user)]
        }
    }
}
