// `fairlead adapters check` and `new`: for those who write an adapter.yaml.

import ArgumentParser
import Capabilities
import DeclaredAdapter

/// `fairlead adapters check FILE`: every mistake of an adapter file, without a server.
struct AdaptersCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check an adapter file and report every mistake with its line and column.",
        discussion: """
            Nothing is connected to. adapters/GUIDE.md leads through writing such a file, adapters/REFERENCE.md tells every key.

            EXAMPLES
              fairlead adapters check house.yaml
            """)

    @Argument(help: ArgumentHelp("The adapter file.", valueName: "FILE"))
    var file: String

    func run() throws {
        let problems = DeclaredAdapterFile.check(file)
        for problem in problems { StandardError.write("error: \(problem)") }
        guard problems.isEmpty else { throw ExitCodes.failed }
        print("OK")
    }
}

/// `fairlead adapters new NAME`: a commented file to begin with.
struct AdaptersNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Print a commented adapter file to begin with.",
        discussion: """
            EXAMPLES
              fairlead adapters new house > house.yaml
            """)

    @Argument(help: ArgumentHelp("The adapter's name: letters, digits and hyphens.", valueName: "NAME"))
    var name: String

    func validate() throws {
        let isName = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character == "-" || character.isASCII && (character.isLetter || character.isNumber)
        }
        guard isName, name.first?.isLetter == true, name.count < 64 else {
            throw ValidationError(
                "expected a name of letters, digits and hyphens that begins with a letter, got \"\(name)\"")
        }
    }

    func run() { print(StarterFile.text(name), terminator: "") }
}

/// `fairlead adapters reference`: every key of the language as a page.
struct AdaptersReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print every key of adapter files as a Markdown page.",
        discussion: """
            EXAMPLES
              fairlead adapters reference
            """)

    func run() { print(LanguageReference.text, terminator: "") }
}
