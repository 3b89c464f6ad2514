// libcurl with its own Signature Version 4, asked for one request after another on one connection.

import CCurl
import Glibc

/// One easy handle, which keeps its connection between requests.
///
/// Debian 12's libcurl is 7.88, whose signer takes path and query as they are and so needs them in canonical form, and the
/// body's hash from the header `x-amz-content-sha256`.
final class S3CurlConnection: DriverConnection {
    private let target: Target
    private let bucket: String
    private var handle: UnsafeMutableRawPointer?

    /// Milliseconds for an answer to `Expect: 100-continue`.
    private static let patience = 200

    /// libcurl's own set-up of the process, once.
    private static let isReady: Bool = fl_curl_global_init() == CURLE_OK

    init(_ target: Target, bucket: String) throws(DriverFailure) {
        self.target = target
        self.bucket = bucket
        guard Self.isReady, let handle = curl_easy_init() else {
            throw DriverFailure(.unable, "libcurl does not start")
        }
        self.handle = handle
    }

    deinit { close() }

    func close() {
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
    }

    func cut() { close() }

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        let wanted: S3Action
        do throws(SuiteProblem) { wanted = try S3Action(action, bucket: bucket) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        guard case .exchange(let request) = wanted.kind else {
            throw DriverFailure(.mistaken, "libcurl sends whole requests only")
        }
        guard let handle else { throw DriverFailure(.mistaken, "the connection is not open") }
        let transfer = Transfer()
        let result = try carry(handle, request, wanted.rules, deadline, transfer)
        evidence = transfer.evidence
        guard result == CURLE_OK else { throw Self.failure(result) }
        guard transfer.isMalformed == false, transfer.response.status > 0 else {
            throw DriverFailure(.malformed, "libcurl got no answer that is HTTP")
        }
        return transfer.response.value(asBytes: wanted.wantsBytes)
    }

    // MARK: A transfer

    /// Sets the handle up for `request` and carries it through.
    private func carry(
        _ handle: UnsafeMutableRawPointer, _ request: S3Request, _ rules: S3SigningRules, _ deadline: Deadline,
        _ transfer: Transfer
    ) throws(DriverFailure) -> CURLcode {
        // Connections and what is known of names survive this.
        curl_easy_reset(handle)
        let scheme = target.isTLS ? "https" : "http"
        let query = request.canonicalQuery
        let path = request.canonicalPath
        fl_curl_set_text(handle, CURLOPT_URL, "\(scheme)://\(target.s3Host)\(path)\(query.isEmpty ? "" : "?\(query)")")
        fl_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        fl_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        fl_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        fl_curl_set_text(handle, CURLOPT_PROXY, "")
        let left = Int(max(deadline.milliseconds, 1))
        fl_curl_set_long(handle, CURLOPT_TIMEOUT_MS, left)
        fl_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, left)
        if target.isTLS { setTLS(handle) }
        if rules.place != .none {
            fl_curl_set_text(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(target.s3Region):s3")
            fl_curl_set_text(handle, CURLOPT_USERNAME, target.user ?? "")
            fl_curl_set_text(handle, CURLOPT_PASSWORD, target.password ?? "")
        }
        if request.method == "HEAD" {
            fl_curl_set_long(handle, CURLOPT_NOBODY, 1)
        } else {
            fl_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        }
        let pointer = Unmanaged.passUnretained(transfer).toOpaque()
        fl_curl_set_write(handle, CURLOPT_HEADERFUNCTION, takeHeader)
        fl_curl_set_pointer(handle, CURLOPT_HEADERDATA, pointer)
        fl_curl_set_write(handle, CURLOPT_WRITEFUNCTION, takeBody)
        fl_curl_set_pointer(handle, CURLOPT_WRITEDATA, pointer)
        fl_curl_set_debug(handle, takeEvidence)
        fl_curl_set_pointer(handle, CURLOPT_DEBUGDATA, pointer)
        fl_curl_set_long(handle, CURLOPT_VERBOSE, 1)
        let list = try Self.headers(of: request, rules)
        defer { curl_slist_free_all(list) }
        fl_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
        if !request.body.isEmpty || request.method == "PUT" || request.method == "POST" {
            // As an upload: the body of a form would get, and sign, a Content-Type of libcurl's own.
            fl_curl_set_long(handle, CURLOPT_UPLOAD, 1)
            fl_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, request.body.count)
            fl_curl_set_write(handle, CURLOPT_READFUNCTION, giveBody)
            fl_curl_set_pointer(handle, CURLOPT_READDATA, pointer)
            fl_curl_set_seek(handle, seekBody)
            fl_curl_set_pointer(handle, CURLOPT_SEEKDATA, pointer)
            transfer.body = request.body
            // libcurl asks before it uploads, and a server that never answers must not cost a second each time.
            fl_curl_set_long(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, Self.patience)
        }
        return curl_easy_perform(handle)
    }

    private func setTLS(_ handle: UnsafeMutableRawPointer) {
        if target.options["insecure"] == "true" {
            fl_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            fl_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        } else if let file = target.options["ca"] {
            fl_curl_set_text(handle, CURLOPT_CAINFO, file)
        }
    }

    private static func headers(
        of request: S3Request, _ rules: S3SigningRules
    ) throws(DriverFailure) -> UnsafeMutablePointer<curl_slist>? {
        var lines: [[UInt8]] = []
        for field in request.fields {
            guard !field.value.contains(0), !field.value.contains(0x0A) else {
                throw DriverFailure(.unable, "libcurl does not send the header \(field.name) with these bytes")
            }
            // A header without a value has a semicolon for libcurl.
            lines.append(Array(field.name.utf8) + (field.value.isEmpty ? [0x3B] : [0x3A, 0x20] + field.value))
        }
        if rules.place != .none, request.field("x-amz-content-sha256") == nil {
            let payload = rules.payload.text ?? S3Signer.hash(request.body)
            lines.append(Array("x-amz-content-sha256: \(payload)".utf8))
        }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            let next = (line + [0]).withUnsafeBytes {
                curl_slist_append(list, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
            guard let next else {
                curl_slist_free_all(list)
                throw DriverFailure(.unable, "libcurl has no memory for a header")
            }
            list = next
        }
        return list
    }

    private static func failure(_ code: CURLcode) -> DriverFailure {
        let text = curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
        let kind: DriverFailure.Kind =
            switch code {
            case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CONNECT_ERROR,
                CURLE_PEER_FAILED_VERIFICATION:
                .unreachable
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: .closed
            case CURLE_WEIRD_SERVER_REPLY, CURLE_WRITE_ERROR, CURLE_UNSUPPORTED_PROTOCOL: .malformed
            default: .unable
            }
        return DriverFailure(kind, "libcurl: \(text)")
    }
}

/// What libcurl's callbacks gather during one transfer.
private final class Transfer {
    var response = S3Response(status: 0)
    var evidence = Evidence()
    var isMalformed = false
    /// What is sent, and how much of it has been.
    var body: [UInt8] = []
    private var place = 0
    private static let bodyAtMost = 1 << 30

    /// A line of a head, or of trailers; interim answers have heads of their own.
    func take(header line: [UInt8]) {
        let text = line.prefix { $0 != 0x0D && $0 != 0x0A }
        if let status = S3Response.status(line: text) {
            let interim = response.status == 0 ? [] : response.interim + [response.status]
            response = S3Response(status: status)
            response.interim = interim
        } else if !text.isEmpty, !response.add(line: text) {
            isMalformed = true
        }
    }

    /// Copies the next bytes of the body, and says how many.
    func give(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, body.count - place)
        body.withUnsafeBytes { room.copyMemory(from: .init(rebasing: $0[place..<place + count])) }
        place += count
        return count
    }

    /// Goes to a place of the body, where a kept connection turns out to be of no use.
    func seek(_ place: Int) -> Bool {
        guard (0...body.count).contains(place) else { return false }
        self.place = place
        return true
    }

    func take(body bytes: UnsafeRawBufferPointer) -> Int {
        guard response.body.count + bytes.count <= Self.bodyAtMost else { return 0 }
        response.body += bytes
        return bytes.count
    }
}

private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ transfer: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer, let bytes else { return 0 }
    let line = Array(UnsafeRawBufferPointer(start: bytes, count: size * count))
    Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue().take(header: line)
    return size * count
}

private func giveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ transfer: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer, let bytes else { return 0 }
    return Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue()
        .give(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

private func seekBody(_ transfer: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let transfer, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
    let isDone = Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue().seek(Int(offset))
    return isDone ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
}

private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ transfer: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer, let bytes else { return 0 }
    return Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue()
        .take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
}

private func takeEvidence(
    _ handle: UnsafeMutableRawPointer?, _ kind: curl_infotype, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ transfer: UnsafeMutableRawPointer?
) -> Int32 {
    guard let transfer, let bytes else { return 0 }
    let evidence = Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue()
    switch kind {
    case CURLINFO_HEADER_OUT, CURLINFO_DATA_OUT:
        evidence.evidence.sent(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    case CURLINFO_HEADER_IN, CURLINFO_DATA_IN:
        evidence.evidence.received(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default: break
    }
    return 0
}
