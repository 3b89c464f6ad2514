// The vocabulary: names, sets, manifests, and the page that is made from them.

import FoundationEssentials
import Testing

@testable import Capabilities

@Suite("The vocabulary of capabilities")
struct VocabularyTests {
    @Test("every name has its family before the dot, and every family has members")
    func names() {
        for capability in Capability.allCases {
            #expect(capability.name.hasPrefix(capability.family.rawValue + "."))
        }
        for family in CapabilityFamily.allCases {
            #expect(Capability.allCases.contains { $0.family == family })
        }
    }

    @Test("every capability says something of its own")
    func descriptions() {
        let summaries = Capability.allCases.map(\.description.summary)
        #expect(Set(summaries).count == summaries.count)
        for capability in Capability.allCases {
            let text = capability.description
            #expect(![text.summary, text.inputs, text.outputs, text.guarantees].contains(""))
        }
    }

    @Test("the page in adapters/ is the one that the vocabulary makes")
    func page() throws {
        let root = #filePath.components(separatedBy: "/Tests/")[0]
        let page = try String(contentsOf: URL(filePath: root + "/adapters/CAPABILITIES.md"), encoding: .utf8)
        #expect(page == CapabilityPage.markdown(), "run: fairlead adapters capabilities > adapters/CAPABILITIES.md")
    }

    @Test("a set holds what was put in, over both of its words")
    func sets() {
        for capability in Capability.allCases {
            let set = CapabilitySet(capability)
            #expect(set.members == [capability])
            #expect(!set.isEmpty)
            #expect(set.subtracting(set).isEmpty)
            #expect(set.intersection(CapabilitySet()).isEmpty)
        }
        let all = Capability.allCases.reduce(CapabilitySet()) { $0.union(CapabilitySet($1)) }
        #expect(all.members == Capability.allCases)
        #expect(CapabilitySet(.sqlQuery, .keyValueGet).isSubset(of: all))
        #expect(!all.isSubset(of: CapabilitySet(.sqlQuery)))
    }

    @Test("what a manifest does not mention is refused")
    func manifest() {
        var manifest = Manifest(adapter: "a", [.keyValueGet: ManifestEntry(.native)])
        #expect(manifest[.keyValueSet].support == .refused)
        #expect(manifest.supported(in: .keyValue) == [.keyValueGet])
        manifest = manifest.refusing(.keyValueGet, because: "why")
        #expect(manifest[.keyValueGet] == ManifestEntry(.refused, note: "why"))
        #expect(manifest.mentioned == [.keyValueGet])
    }

    @Test("every option of a set is a need")
    func needs() {
        let options: [(SetOptions, [Capability])] = [
            (SetOptions(), [.keyValueSet]),
            (SetOptions(.absent), [.keyValueSet, .keyValueConditionalSet]),
            (SetOptions(.version(Version(1))), [.keyValueSet, .keyValueCompareAndSet]),
            (SetOptions(expiry: .kept), [.keyValueSet, .keyValueTTL]),
            (
                SetOptions(.present, expiry: .at(1), returnsOld: true),
                [.keyValueSet, .keyValueTTL, .keyValueConditionalSet, .keyValueExchange]
            ),
        ]
        for (options, needed) in options {
            #expect(options.needs.members == needed)
        }
    }
}
