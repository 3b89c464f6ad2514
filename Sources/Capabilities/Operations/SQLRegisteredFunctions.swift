// The functions that the catalogue tells: those that read and write the values of types.

/// A function of PostgreSQL's with its number (pg_proc.dat).
package struct SQLRegisteredFunction: Sendable {
    package var name: String
    package var number: Int64
    /// The numbers of its arguments' types, and of what it gives.
    package var arguments: [Int64]
    package var result: Int64

    /// As `regprocedure` shows it.
    var signature: String {
        "\(name)(\(arguments.map { Self.special[$0] ?? SQLType.regtype.registeredName($0) ?? "" }.joined(separator: ",")))"
    }

    /// Types of arguments that no value is of.
    private static let special: [Int64: String] = [
        2275: "cstring", 2277: "anyarray", 2281: "internal", 1263: "cstring[]",
    ]

    /// All of them, by their numbers.
    package static let all: [SQLRegisteredFunction] = text.split(separator: ";").map { entry in
        let words = entry.split(separator: " ", omittingEmptySubsequences: true)
        return SQLRegisteredFunction(
            name: String(words[0]), number: Int64(words[1]) ?? 0,
            arguments: words[2].split(separator: ",").compactMap { Int64($0) }, result: Int64(words[3]) ?? 0)
    }

    private static let byNumber = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0) })
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func numbered(_ number: Int64) -> SQLRegisteredFunction? { byNumber[number] }
    package static func named(_ name: String) -> SQLRegisteredFunction? { byName[name] }

    /// Name, number, arguments and result of each.
    private static let text = """
        byteaout 31 17 2275; charout 33 18 2275; namein 34 2275 19; nameout 35 19 2275; int2in 38 2275 21; \
        int2out 39 21 2275; int4in 42 2275 23; int4out 43 23 2275; regprocin 44 2275 24; regprocout 45 24 2275; \
        textin 46 2275 25; textout 47 25 2275; float4in 200 2275 700; float4out 201 700 2275; float8in 214 2275 701; \
        float8out 215 701 2275; json_in 321 2275 114; json_out 322 114 2275; json_recv 323 2281 114; \
        json_send 324 114 17; int8in 460 2275 20; int8out 461 20 2275; array_in 750 2275,26,23 2277; \
        array_out 751 2277 2275; bpcharin 1044 2275,26,23 1042; bpcharout 1045 1042 2275; \
        varcharin 1046 2275,26,23 1043; varcharout 1047 1043 2275; date_in 1084 2275 1082; date_out 1085 1082 2275; \
        time_in 1143 2275,26,23 1083; time_out 1144 1083 2275; timestamptz_in 1150 2275,26,23 1184; \
        timestamptz_out 1151 1184 2275; boolin 1242 2275 16; boolout 1243 16 2275; byteain 1244 2275 17; \
        charin 1245 2275 18; timestamp_in 1312 2275,26,23 1114; timestamp_out 1313 1114 2275; \
        numeric_in 1701 2275,26,23 1700; numeric_out 1702 1700 2275; oidin 1798 2275 26; oidout 1799 26 2275; \
        regprocedurein 2212 2275 2202; regprocedureout 2213 2202 2275; regclassin 2218 2275 2205; \
        regclassout 2219 2205 2275; regtypein 2220 2275 2206; regtypeout 2221 2206 2275; void_in 2298 2275 2278; \
        void_out 2299 2278 2275; array_recv 2400 2281,26,23 2277; array_send 2401 2277 17; int2recv 2404 2281 21; \
        int2send 2405 21 17; int4recv 2406 2281 23; int4send 2407 23 17; int8recv 2408 2281 20; int8send 2409 20 17; \
        bytearecv 2412 2281 17; byteasend 2413 17 17; textrecv 2414 2281 25; textsend 2415 25 17; \
        oidrecv 2418 2281 26; oidsend 2419 26 17; namerecv 2422 2281 19; namesend 2423 19 17; \
        float4recv 2424 2281 700; float4send 2425 700 17; float8recv 2426 2281 701; float8send 2427 701 17; \
        bpcharrecv 2430 2281,26,23 1042; bpcharsend 2431 1042 17; varcharrecv 2432 2281,26,23 1043; \
        varcharsend 2433 1043 17; charrecv 2434 2281 18; charsend 2435 18 17; boolrecv 2436 2281 16; \
        boolsend 2437 16 17; regprocrecv 2444 2281 24; regprocsend 2445 24 17; regprocedurerecv 2446 2281 2202; \
        regproceduresend 2447 2202 17; regclassrecv 2452 2281 2205; regclasssend 2453 2205 17; \
        regtyperecv 2454 2281 2206; regtypesend 2455 2206 17; numeric_recv 2460 2281,26,23 1700; \
        numeric_send 2461 1700 17; date_recv 2468 2281 1082; date_send 2469 1082 17; time_recv 2470 2281,26,23 1083; \
        time_send 2471 1083 17; timestamp_recv 2474 2281,26,23 1114; timestamp_send 2475 1114 17; \
        timestamptz_recv 2476 2281,26,23 1184; timestamptz_send 2477 1184 17; timestamptypmodin 2905 1263 23; \
        timestamptypmodout 2906 23 2275; timestamptztypmodin 2907 1263 23; timestamptztypmodout 2908 23 2275; \
        timetypmodin 2909 1263 23; timetypmodout 2910 23 2275; bpchartypmodin 2913 1263 23; \
        bpchartypmodout 2914 23 2275; varchartypmodin 2915 1263 23; varchartypmodout 2916 23 2275; \
        numerictypmodin 2917 1263 23; numerictypmodout 2918 23 2275; uuid_in 2952 2275 2950; uuid_out 2953 2950 2275; \
        uuid_recv 2961 2281 2950; uuid_send 2962 2950 17; void_recv 3120 2281 2278; void_send 3121 2278 17; \
        jsonb_send 3803 3802 17; jsonb_out 3804 3802 2275; jsonb_recv 3805 2281 3802; jsonb_in 3806 2275 3802; \
        array_typanalyze 3816 2281 16; jsonb_subscript_handler 6098 2281 2281; \
        array_subscript_handler 6179 2281 2281; raw_array_subscript_handler 6180 2281 2281
        """
}
