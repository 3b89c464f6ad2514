// Reads suite files into cases.

/// Reads suites with the drivers of their wires.
package struct SuiteReader {
    private let drivers: [any Driver]
    private let masks: Set<String>

    package init(drivers: [any Driver], masks: Set<String>) {
        self.drivers = drivers
        self.masks = masks
    }

    /// Reads the suite file `text`; `name` is its folder and its name, such as `redis/strings`.
    package func suite(_ text: String, name: String, file: String) throws(SuiteProblem) -> Suite {
        let tree = try Tree(yaml: text, file: file)
        do throws(SuiteProblem) {
            return try suite(tree, name: name, file: file)
        } catch {
            var problem = error
            problem.file = file
            throw problem
        }
    }

    private func suite(_ tree: Tree, name: String, file: String) throws(SuiteProblem) -> Suite {
        var keys = try KeyedTree(tree, "a suite")
        let stated = try keys.requiredText("suite")
        guard stated == name else {
            throw SuiteProblem(tree, "suite is \"\(stated)\", but the file's folder and name make it \"\(name)\"")
        }
        let about = try keys.requiredText("about")
        let folder = String(name.prefix { $0 != "/" })
        let wireName = try keys.text("wire") ?? folder
        guard let wire = Target.Wire(rawValue: wireName), let driver = drivers.first(where: { $0.wire == wireName })
        else { throw SuiteProblem(tree, "wire has to be one of \(drivers.map(\.wire).joined(separator: ", "))") }
        let client = try keys.text("client") ?? driver.clients[0]
        let tags = try keys.texts("tags")
        let cases = keys.take("cases")
        try keys.finish()
        guard let list = cases?.list, !list.isEmpty else { throw SuiteProblem(tree, "a suite needs cases") }
        var suite = Suite(name: name, about: about, cases: [])
        var names: Set<String> = []
        for element in list {
            let reader = CaseReader(
                suite: name, file: file, wire: wire, driver: driver, client: client, tags: tags, masks: masks)
            let one = try reader.read(element)
            guard names.insert(one.id).inserted else { throw SuiteProblem(element, "there are two cases \(one.id)") }
            suite.cases.append(one)
        }
        return suite
    }
}

/// Reads the cases of one suite.
private struct CaseReader {
    let suite: String
    let file: String
    let wire: Target.Wire
    let driver: any Driver
    let client: String
    let tags: [String]
    let masks: Set<String>

    func read(_ tree: Tree) throws(SuiteProblem) -> Case {
        var keys = try KeyedTree(tree, "a case")
        let name = try keys.requiredText("name")
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw SuiteProblem(tree, "a name has letters, digits and hyphens only")
        }
        let client = try keys.text("client") ?? client
        guard driver.clients.contains(client) else {
            throw SuiteProblem(
                tree, "there is no client \"\(client)\" for \(driver.wire): \(driver.clients.joined(separator: ", "))")
        }
        let proves = try keys.texts("proves")
        guard !proves.isEmpty else { throw SuiteProblem(tree, "proves is missing") }
        let masks = try keys.texts("masks")
        let reader = StepReader(driver: driver, client: client, masks: self.masks)
        for mask in masks where !self.masks.contains(mask) {
            throw SuiteProblem(tree, "there is no mask \"\(mask)\" in masks.yaml")
        }
        var one = Case(
            id: "\(suite)/\(name)", title: try keys.requiredText("title"), proves: proves,
            source: try keys.requiredText("source"), wire: wire, client: client, connection: keys.take("connection"),
            tags: tags + (try keys.texts("tags")), needs: try needs(keys.take("needs")), scope: keys.take("scope"),
            isExclusive: try keys.flag("exclusive"), within: try keys.duration("within") ?? .seconds(10),
            steps: try reader.steps(keys.take("steps")), cleanup: try reader.steps(keys.take("cleanup")), file: file,
            line: tree.line)
        try keys.finish()
        guard !one.steps.isEmpty else { throw SuiteProblem(tree, "a case needs steps") }
        if one.needs.restart || one.needs.scratch { one.isExclusive = true }
        one.steps = one.steps.map { $0.masked(masks) }
        return one
    }

    private func needs(_ tree: Tree?) throws(SuiteProblem) -> Needs {
        var needs = Needs()
        guard let tree else { return needs }
        var keys = try KeyedTree(tree, "needs")
        for text in (try keys.text("version") ?? "").split(separator: ",") {
            guard let bound = VersionBound(text) else {
                throw SuiteProblem(tree, "version takes bounds such as \">=7.0\"")
            }
            needs.version.append(bound)
        }
        needs.product = try keys.text("product")
        needs.features = try keys.texts("feature")
        needs.scratch = try keys.flag("scratch")
        needs.restart = try keys.flag("restart")
        needs.clock = try keys.flag("clock")
        needs.tls = try keys.flag("tls")
        needs.secondTarget = try keys.flag("second-target")
        try keys.finish()
        return needs
    }
}

extension Step {
    /// The step with more masks, those of inner steps too.
    fileprivate func masked(_ more: [String]) -> Step {
        guard !more.isEmpty else { return self }
        var step = self
        step.masks += more
        switch kind {
        case .concurrently(let branches): step.kind = .concurrently(branches.map { $0.map { $0.masked(more) } })
        case .times(let count, let steps): step.kind = .times(count, steps.map { $0.masked(more) })
        case .search(var search):
            search.steps = search.steps.map { $0.masked(more) }
            step.kind = .search(search)
        default: break
        }
        return step
    }
}
