// The stream of one call: headers, length-prefixed messages and trailers.

import NIOCore
import NIOHPACK
import NIOHTTP2

/// Turns the frames of one HTTP/2 stream into the messages and the end of a call ("gRPC over HTTP2").
final class CallHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let call: Call
    private unowned let link: Link
    private var framing: MessageFraming
    private var sawHeaders = false
    /// How many messages the observer takes before it grants more; nil for any number.
    private var credit: Int?
    private var isReadHeld = false
    private var context: ChannelHandlerContext?

    init(_ call: Call, _ link: Link, limit: Int) {
        self.call = call
        self.link = link
        framing = MessageFraming(limit: limit)
        credit = call.options.credit
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers): headersReceived(headers.headers, isLast: headers.endStream)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            framing.append(bytes)
            deliver()
            if data.endStream { end(.broken("\(link.process) ended \(call.method.name) without a status")) }
        default: break
        }
    }

    private func headersReceived(_ headers: HPACKHeaders, isLast: Bool) {
        link.somethingReceived()
        if !sawHeaders {
            sawHeaders = true
            guard headers.first(name: ":status") == "200" else {
                let status = headers.first(name: ":status") ?? "none"
                return end(.broken("\(link.process) answered with HTTP status \(status), so it does not speak gRPC"))
            }
            guard isLast else { return }
        }
        guard let status = CallStatus(headers) else {
            return end(.broken("\(link.process) ended \(call.method.name) without a status"))
        }
        guard !status.isOK || !framing.holdsPartOfMessage else {
            return end(.broken("\(link.process) ended \(call.method.name) within a message"))
        }
        end(.finished(status))
    }

    private func deliver() {
        link.somethingReceived()
        do throws(MessageFraming.Fault) {
            while let message = try framing.next() {
                if let left = credit { credit = left - 1 }
                call.receive(message)
            }
        } catch {
            end(.broken("\(link.process) \(fault(error))"))
        }
    }

    private func fault(_ fault: MessageFraming.Fault) -> String {
        switch fault {
        case .compressed: "compressed its answer to \(call.method.name), which was not offered"
        case .tooLarge(let bytes):
            """
            answered \(call.method.name) with a message of \(bytes) bytes; \
            the most is \(framing.limit) (option message-bytes)
            """
        }
    }

    func read(context: ChannelHandlerContext) {
        if let credit, credit <= 0 { isReadHeld = true } else { context.read() }
    }

    /// Lets `count` more messages come.
    func grant(_ count: Int) {
        guard let left = credit else { return }
        credit = left + count
        guard isReadHeld, left + count > 0 else { return }
        isReadHeld = false
        context?.read()
    }

    // MARK: Endings

    private func end(_ ending: CallEnding) {
        link.callEnded(call, ending)
        if let context {
            // Resets the stream unless both sides have ended it.
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let closed = error as? NIOHTTP2Errors.StreamClosed {
            if closed.errorCode == .refusedStream {
                end(.notSent("\(link.process) takes no further calls"))
            } else {
                end(.unanswered("\(link.process) reset \(call.method.name): \(closed.errorCode)"))
            }
        } else {
            end(.unanswered("\(link.process) lost \(call.method.name): \(error)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.unanswered("\(link.process) closed the connection before it answered \(call.method.name)"))
        context.fireChannelInactive()
    }
}
