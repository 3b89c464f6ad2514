// Removes the folders of a test process when it has ended, in whatever way.

import Foundation
import Glibc

/// A shell that waits for the end of this process and then removes every file and folder whose path begins with a prefix.
///
/// It sees the end by a pipe that this process alone holds open; so neither exit handlers, which a signal skips, nor the tests take part.
package struct FolderSweeper: Sendable {
    /// The end of the pipe that says "still there".
    private let end: Int32

    /// Starts the shell; `prefix` is a path of plain characters.
    package init(prefix: String) throws {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SupportError.system("pipe") }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        end = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Servers that die with this process may write for a moment longer.
        let script = """
            cat
            for try in 1 2 3 4 5 6 7 8 9 10; do
                rm -rf "$1"*
                set -- "$1" "$1"*
                [ -e "$2" ] || exit 0
                sleep 0.3
            done
            """
        let streams = ChildProcess.Streams(input: ends[0], output: null, errors: null)
        let shell = try spawn(
            ["sh", "-c", script, "sh", prefix], environment: ["PATH=/usr/bin:/bin"], streams: streams
        )
        .get()
        // One that ends before this process must not stay a zombie: tests that exit are found by waiting for any child.
        let reaper = Thread {
            var status: Int32 = 0
            while waitpid(shell, &status, 0) == -1, errno == EINTR {}
        }
        reaper.stackSize = 256 << 10
        reaper.start()
    }

    /// Lets the shell begin while this process goes on.
    package func sweepNow() { close(end) }
}
