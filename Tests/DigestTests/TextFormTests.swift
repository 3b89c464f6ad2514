// Hexadecimal and Base64 there and back.

import Digest
import Testing

@Suite("Text forms")
struct TextFormTests {
    @Test(
        "Base64 is that of RFC 4648's examples",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64Examples(plain: String, text: String) {
        #expect(base64(Array(plain.utf8)) == Array(text.utf8))
        #expect(bytesOfBase64(text.utf8) == Array(plain.utf8))
    }

    @Test("every byte survives both forms")
    func roundTrip() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(bytesOfBase64(base64(bytes)) == bytes)
        #expect(bytesOfHexadecimal(hexadecimal(bytes)) == bytes)
        #expect(bytesOfHexadecimal("00fFAa".utf8) == [0x00, 0xFF, 0xAA])
    }

    @Test(
        "what is no Base64 is refused",
        arguments: ["Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v Zm", "Zm9-"])
    func noBase64(text: String) {
        #expect(bytesOfBase64(text.utf8) == nil)
    }

    @Test("what is no hexadecimal is refused", arguments: ["0", "0g", "zz", " 0"])
    func noHexadecimal(text: String) {
        #expect(bytesOfHexadecimal(text.utf8) == nil)
    }
}
