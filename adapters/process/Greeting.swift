// The first words on a new connection: which schema the process speaks, and what it can do.

import Capabilities

/// Finds out what a process is.
struct Greeting: Sendable {
    let settings: ProcessSettings
    let box: DeploymentBox

    /// Puts what it learns into the box and gives the question that tells later whether the process still answers.
    func run(_ link: Link) async throws(GreetingFailure) -> Probe {
        let services = settings.dialect == .fairlead ? nil : try await Reflection.services(link)
        if let services, settings.dialect == .dapr || !services.contains(FairleadDialect.service) {
            let components = DaprComponents(services)
            guard components.hasAny else { throw unknown(services) }
            let manifest = try await DaprGreeting.run(link, components, settings)
            box.value = Deployment(.dapr(manifest.components), manifest.manifest)
            return components.probe
        }
        guard settings.dialect != .dapr else {
            throw GreetingFailure(text: "it offers no server reflection, which the dapr dialect needs")
        }
        let manifest = try await FairleadDialect.describe(link)
        box.value = Deployment(.fairlead, manifest)
        return FairleadDialect.probe
    }

    private func unknown(_ services: [String]) -> GreetingFailure {
        let offered = services.prefix(8).joined(separator: ", ")
        let wanted =
            settings.dialect == .dapr
            ? "neither \(DaprComponents.state) nor \(DaprComponents.pubSub)"
            : "neither \(FairleadDialect.service) nor a service of Dapr's components"
        return GreetingFailure(text: "it offers \(wanted) but: \(offered.isEmpty ? "nothing" : offered)")
    }
}

/// gRPC's server reflection, as far as it lists services.
enum Reflection {
    /// The newer name first; the messages are the same.
    private static let services = [
        "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    ]

    /// The names of the services that the process offers; nil when it does not say.
    static func services(_ link: Link) async throws(GreetingFailure) -> [String]? {
        let request = ReflectionServerReflectionRequest.with { $0.listServices = "" }.encoded ?? []
        for service in services {
            let bytes: [UInt8]
            do throws(CallEnding) {
                bytes = try await link.greetingCall(Method(service, "ServerReflectionInfo"), request)
            } catch .finished(let status) where status.code == CallStatus.Code.unimplemented {
                continue
            } catch {
                throw GreetingFailure(text: error.text)
            }
            guard
                case .listServicesResponse(let list)? = ReflectionServerReflectionResponse(received: bytes)?
                    .messageResponse
            else { throw GreetingFailure(text: "its server reflection does not list its services") }
            return list.service.map(\.name)
        }
        return nil
    }
}

extension CallEnding {
    /// The ending as words, for people.
    var text: String {
        switch self {
        case .notSent(let text), .unanswered(let text), .broken(let text): text
        case .tooLarge(let limit): "the message is larger than \(limit) bytes"
        case .cancelled: "it was cancelled"
        case .finished(let status) where status.message.isEmpty: "gRPC status \(status.code)"
        case .finished(let status): "gRPC status \(status.code), \(status.message)"
        }
    }
}
