// The style and the script of the matrix's page.

enum MatrixPage {
    static let style = """

        :root { color-scheme: light dark; --ground: #fbfaf8; --panel: #ffffff; --ink: #1c2430; --quiet: #5d6878;
          --rule: #e1dfd9; --head: #f3f1ec; --accent: #0b5cab; --identical: #1d7a46; --identical-soft: #e2f2e8;
          --differs: #b45309; --differs-soft: #fdeed7; --refused: #5b4bb7; --refused-soft: #eae7fa; --failed: #b91c1c;
          --failed-soft: #fce4e4; --skipped: #6b7280; --skipped-soft: #eeeef0; --shadow: 0 1px 2px #1c243014, 0 4px 14px #1c24300d; }
        @media (prefers-color-scheme: dark) { :root { --ground: #12161c; --panel: #1a2028; --ink: #e5e9ef; --quiet: #97a3b4;
          --rule: #2c3542; --head: #202833; --accent: #7db8f5; --identical: #6fd39b; --identical-soft: #173526;
          --differs: #f3b562; --differs-soft: #3d2c12; --refused: #b3a8f5; --refused-soft: #2a2550; --failed: #ff8f8f;
          --failed-soft: #481d20; --skipped: #9aa3af; --skipped-soft: #272e38; --shadow: 0 1px 2px #0006, 0 6px 18px #0004; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif;
          font-variant-numeric: tabular-nums; }
        h1 { font-size: 1.75rem; letter-spacing: -0.015em; line-height: 1.2; margin: 0; }
        h2 { font-size: 1.15rem; letter-spacing: -0.005em; margin: 0; }
        code, pre { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
        a { color: var(--accent); }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        .top { padding: 2.2rem clamp(1rem, 4vw, 3rem) 1.2rem; }
        .lead { color: var(--quiet); margin: .4rem 0 1.4rem; max-width: 46rem; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; align-items: start; }
        .card { background: var(--panel); border: 1px solid var(--rule); border-radius: 12px; padding: .9rem 1.1rem;
          box-shadow: var(--shadow); display: grid; grid-template-columns: 1fr auto; gap: .1rem .8rem; min-width: 0; }
        .card > * { grid-column: 1 / -1; min-width: 0; }
        .card > h2 { grid-column: 1; font-size: 1rem; overflow-wrap: anywhere; }
        .card > .standing { grid-column: 2; grid-row: 1; align-self: start; }
        .standing { border-radius: 99px; padding: 0 .65em; font-size: .78rem; font-weight: 600; line-height: 1.7; }
        .standing.passed { background: var(--identical-soft); color: var(--identical); }
        .standing.failed { background: var(--failed-soft); color: var(--failed); }
        .card p { margin: 0; } .server { color: var(--quiet); font-size: .87rem; } .sum { font-size: .87rem; }
        .bar { display: block; width: 100%; height: 6px; border-radius: 3px; overflow: hidden; margin: .55rem 0 .35rem;
          background: var(--skipped-soft); }
        .bar rect.identical { fill: var(--identical); } .bar rect.differs { fill: var(--differs); }
        .bar rect.refused { fill: var(--refused); } .bar rect.failed { fill: var(--failed); } .bar rect.skipped { fill: var(--rule); }
        .card details { font-size: .85rem; margin-top: .3rem; } .card summary { color: var(--quiet); cursor: pointer; }
        .card .drift summary { color: var(--failed); } .card ul { margin: .3rem 0; padding-left: 1.1rem; overflow-wrap: anywhere; }
        dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem .8rem; margin: .4rem 0 .2rem; }
        dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
        .filters { position: sticky; top: 0; z-index: 4; display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center;
          padding: .7rem clamp(1rem, 4vw, 3rem); background: var(--ground); border-bottom: 1px solid var(--rule); }
        .filters label { display: flex; gap: .5rem; align-items: center; color: var(--quiet); font-size: .87rem; }
        .filters input, .filters select { font: inherit; color: var(--ink); background: var(--panel);
          border: 1px solid var(--rule); border-radius: 8px; padding: .32rem .6rem; }
        .filters input { width: min(18rem, 50vw); }
        .filters output { margin-left: auto; color: var(--quiet); font-size: .87rem; }
        .chips { display: flex; flex-wrap: wrap; gap: .35rem; }
        .chip { font: inherit; font-size: .83rem; border: 1px solid var(--rule); border-radius: 99px; padding: .15rem .75rem;
          background: var(--panel); color: var(--ink); cursor: pointer; }
        .chip[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--ground); }
        .chip.identical::before, .chip.differs::before, .chip.refused::before, .chip.failed::before, .chip.skipped::before {
          content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; margin-right: .45em; }
        .chip.identical::before { background: var(--identical); } .chip.differs::before { background: var(--differs); }
        .chip.refused::before { background: var(--refused); } .chip.failed::before { background: var(--failed); }
        .chip.skipped::before { background: var(--skipped); }
        main { padding: 1.2rem clamp(1rem, 4vw, 3rem) 4rem; }
        .group { margin-bottom: 2.2rem; } .group h2 { margin-bottom: .6rem; }
        .scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--rule); border-radius: 12px;
          box-shadow: var(--shadow); width: fit-content; max-width: 100%; }
        table { border-collapse: separate; border-spacing: 0; }
        thead th { background: var(--head); font-size: .8rem; font-weight: 600; text-align: center; vertical-align: bottom;
          padding: .55rem .5rem; min-width: 6.4rem; max-width: 9rem; line-height: 1.3; overflow-wrap: anywhere; }
        th:first-child { position: sticky; left: 0; z-index: 2; text-align: left; background: var(--panel); }
        thead th:first-child { background: var(--head); min-width: 12rem; padding-left: 1rem; } .quiet { color: var(--quiet); }
        tbody th { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; padding: .12rem 1rem; white-space: nowrap; }
        tbody th, td { border-top: 1px solid var(--rule); } tbody tr:hover th, tbody tr:hover { background: var(--head); }
        td { text-align: center; padding: .14rem .3rem; height: 2rem; }
        .cell { font: inherit; font-size: .85rem; width: 100%; min-width: 4rem; border: 1px solid transparent; border-radius: 7px;
          padding: .1rem .4rem; cursor: pointer; }
        .cell:hover { border-color: currentColor; }
        .cell.identical, .badge.identical { background: var(--identical-soft); color: var(--identical); }
        .cell.differs, .badge.differs { background: var(--differs-soft); color: var(--differs); }
        .cell.refused, .badge.refused { background: var(--refused-soft); color: var(--refused); }
        .cell.failed, .badge.failed { background: var(--failed-soft); color: var(--failed); }
        .cell.skipped, .badge.skipped { background: var(--skipped-soft); color: var(--skipped); }
        .cell.undeclared { font-weight: 700; } .cell.undeclared::after { content: " !"; }
        [hidden] { display: none !important; }
        dialog { width: min(58rem, 94vw); max-height: 88vh; padding: 0; border: 1px solid var(--rule); border-radius: 14px;
          background: var(--panel); color: var(--ink); box-shadow: 0 20px 60px #0005; }
        dialog[open] { display: flex; flex-direction: column; } dialog::backdrop { background: #0b0f1480; }
        dialog > header { display: flex; justify-content: space-between; gap: 1rem; align-items: center; padding: .8rem 1.2rem;
          border-bottom: 1px solid var(--rule); }
        dialog header h2 { overflow-wrap: anywhere; }
        dialog header button { font: inherit; border: 0; background: none; color: var(--quiet); cursor: pointer; padding: .2rem .5rem; }
        #panel-body { overflow: auto; padding: .4rem 1.2rem 1.2rem; overscroll-behavior: contain; }
        .case { border-bottom: 1px solid var(--rule); padding: .7rem 0; } .case:last-child { border-bottom: 0; }
        .case p { margin: 0; overflow-wrap: anywhere; } .title { font-weight: 600; } .about { color: var(--quiet); font-size: .83rem; }
        .badge { display: inline-block; border-radius: 99px; padding: 0 .65em; font-size: .78rem; font-weight: 600; margin-bottom: .15rem; }
        .case .reason { margin-top: .35rem; } .declared, .figure { color: var(--quiet); font-size: .87rem; }
        .case h4 { margin: .7rem 0 .3rem; font-size: .8rem; color: var(--quiet); font-weight: 600; }
        .case ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
        .case li { border-left: 3px solid var(--rule); padding-left: .7rem; min-width: 0; } .case li.wrong { border-color: var(--failed); }
        .line { color: var(--quiet); font-size: .8rem; margin: 0 .5rem 0 0; } .action { overflow-wrap: anywhere; } .action + .line { margin-left: .5rem; }
        pre { margin: .2rem 0 0; padding: .3rem .6rem; border-radius: 6px; background: var(--head); white-space: pre-wrap; overflow-wrap: anywhere; }
        pre::before { color: var(--quiet); margin-right: .6em; user-select: none; }
        pre.sent::before { content: "→"; } pre.received::before { content: "←"; } pre.observed::before { content: "="; }
        .problem { color: var(--failed); font-size: .9rem; margin-top: .2rem; }
        @media (prefers-reduced-motion: no-preference) { .cell, .chip { transition: border-color .12s, background .12s; } }
        @media print { .filters { display: none; } .scroll { overflow: visible; } }

        """

    static let script = """

        "use strict";
        (() => {
          const one = (id) => document.getElementById(id);
          const rows = [...document.querySelectorAll("tbody tr")].map((row) => {
            const cells = [...row.querySelectorAll("button")];
            const cases = cells.flatMap((cell) => cell.dataset.cases.split(" "));
            const about = [...new Set(cases.map((name) => parseInt(name, 10)))].map((number) => one("k" + number).content);
            return {
              row, cells, marks: cases.map((name) => name.replace(/[0-9]/g, "")).join(""),
              text: (row.cells[0].textContent + " " + about.map((part) => part.textContent).join(" ")).toLowerCase(),
              tags: new Set(about.flatMap((part) => part.firstElementChild.dataset.tags.split(" "))),
            };
          });
          const chips = [...document.querySelectorAll(".chip")];
          function filter() {
            const words = one("find").value.toLowerCase().split(/\\s+/).filter(Boolean);
            const marks = chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.verdict);
            const tag = one("tag").value;
            let shown = 0;
            for (const { row, marks: own, text, tags } of rows) {
              const fits = words.every((word) => text.includes(word)) && (!tag || tags.has(tag))
                && (!marks.length || marks.some((mark) => own.includes(mark)));
              row.hidden = !fits;
              if (fits) shown += 1;
            }
            for (const group of document.querySelectorAll(".group")) {
              group.hidden = !group.querySelector("tbody tr:not([hidden])");
            }
            one("nothing").hidden = shown > 0;
            one("shown").textContent = shown + " of " + rows.length + " rows";
          }
          one("find").addEventListener("input", filter);
          one("tag").addEventListener("change", filter);
          for (const chip of chips) {
            chip.addEventListener("click", () => {
              chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
              filter();
            });
          }
          const verdicts = { i: "identical", d: "differs", r: "refused", f: "failed", s: "skipped" };
          const order = "fdris";
          function open(cell) {
            one("panel-title").textContent = cell.ariaLabel;
            const names = cell.dataset.cases.split(" ").sort((a, b) =>
              order.indexOf(a.replace(/[0-9!]/g, "")) - order.indexOf(b.replace(/[0-9!]/g, "")));
            one("panel-body").replaceChildren(...names.map((name) => {
              const number = parseInt(name, 10);
              const part = document.createElement("div");
              part.className = "case";
              const verdict = verdicts[name.replace(/[0-9!]/g, "")];
              const badge = document.createElement("span");
              badge.className = "badge " + verdict;
              badge.textContent = verdict + (name.endsWith("!") ? ", undeclared" : "");
              part.append(badge, one("k" + number).content.cloneNode(true));
              const evidence = one("e" + cell.dataset.report + "-" + number);
              if (evidence) part.append(evidence.content.cloneNode(true));
              return part;
            }));
            one("panel").showModal();
            one("panel-body").scrollTop = 0;
          }
          document.addEventListener("click", (event) => {
            const cell = event.target.closest(".cell");
            if (cell) open(cell);
            if (event.target === one("panel")) one("panel").close();
          });
          document.addEventListener("keydown", (event) => {
            if (event.key === "/" && !event.target.closest("input, select, dialog")) {
              event.preventDefault();
              one("find").focus();
            }
            const cell = event.target.closest("td > .cell");
            const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
            if (!cell || !step) return;
            event.preventDefault();
            const shown = rows.filter((entry) => !entry.row.hidden).map((entry) => entry.row);
            let line = shown.indexOf(cell.closest("tr"));
            let place = cell.parentElement.cellIndex;
            for (;;) {
              line += step[0];
              place += step[1];
              const next = shown[line] && shown[line].cells[place];
              if (!next || place === 0) return;
              const button = next.querySelector("button");
              if (button) return button.focus();
            }
          });
          filter();
        })();

        """
}
