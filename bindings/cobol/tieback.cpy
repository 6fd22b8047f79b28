      *> tieback for COBOL: the fields that its calls use, for
      *> WORKING-STORAGE. The paragraphs that make the calls are in
      *> tiebackp.cpy; README.md tells how they go together.
      *>
      *> Longer or shorter buffers: COPY ... REPLACING, such as
      *> ==X(32768)== BY ==X(200000)== for TB-ANSWER.
       01  TB-FIELDS.
      *>    The engine, as engine_open has answered it; 0 is none.
           05  TB-HANDLE               PIC S9(9) COMP-5 VALUE 0.
      *>    What came of the latest call: tieback_status of tieback.h.
           05  TB-STATUS               PIC S9(9) COMP-5 VALUE 0.
               88  TB-OK                   VALUE 0.
               88  TB-INVALID-ARGUMENT     VALUE 1.
               88  TB-UNAUTHORIZED         VALUE 20.
               88  TB-FORBIDDEN            VALUE 21.
               88  TB-NOT-FOUND            VALUE 40.
               88  TB-CONFLICT             VALUE 41.
               88  TB-RATE-LIMITED         VALUE 60.
               88  TB-TIMEOUT              VALUE 61.
               88  TB-UNAVAILABLE          VALUE 62.
               88  TB-NETWORK              VALUE 80.
               88  TB-TLS                  VALUE 81.
               88  TB-PROTOCOL             VALUE 82.
               88  TB-STORAGE              VALUE 100.
               88  TB-CLOSED               VALUE 120.
               88  TB-CANCELLED            VALUE 121.
               88  TB-INTERNAL             VALUE 200.
      *>        Groups, for numbers that a newer library may have.
               88  TB-GROUP-YOUR-CALL      VALUE 1 THRU 19.
               88  TB-GROUP-PERMISSION     VALUE 20 THRU 39.
               88  TB-GROUP-WHAT-IS-THERE  VALUE 40 THRU 59.
               88  TB-GROUP-LATER          VALUE 60 THRU 79.
               88  TB-GROUP-THE-NETWORK    VALUE 80 THRU 99.
               88  TB-GROUP-THE-STORE      VALUE 100 THRU 119.
               88  TB-GROUP-ENDED          VALUE 120 THRU 139.
               88  TB-GROUP-DEFECT         VALUE 200 THRU 999999999.
      *>    What to do, and with what.
           05  TB-OPERATION            PIC X(32) VALUE SPACES.
           05  TB-JSON                 PIC X(8192) VALUE SPACES.
      *>    The answer, or a piece of it: TB-ANSWER(1:TB-WRITTEN).
           05  TB-ANSWER               PIC X(32768) VALUE SPACES.
           05  TB-WRITTEN              PIC S9(9) COMP-5 VALUE 0.
      *>    How long it is, and after TB-READ-ON from there on.
           05  TB-NEEDED               PIC S9(9) COMP-5 VALUE 0.
      *>    Not 0 while pieces are left for TB-READ-ON.
           05  TB-REST                 PIC S9(9) COMP-5 VALUE 0.
           05  TB-OFFSET               PIC S9(9) COMP-5 VALUE 0.
      *>    A place in the JSON, such as /items/0/id, and the value
      *>    there.
           05  TB-POINTER              PIC X(128) VALUE SPACES.
           05  TB-VALUE                PIC X(4096) VALUE SPACES.
           05  TB-VALUE-LENGTH         PIC S9(9) COMP-5 VALUE 0.
      *>    Why a call failed, for people.
           05  TB-MESSAGE              PIC X(400) VALUE SPACES.
      *>    For tiebackp.cpy alone.
           05  TB-PUT-STATUS           PIC S9(9) COMP-5 VALUE 0.
           05  TB-IS-JSON              PIC S9(9) COMP-5 VALUE 0.
           05  TB-KEPT-STATUS          PIC S9(9) COMP-5 VALUE 0.
           05  TB-IGNORED              PIC S9(9) COMP-5 VALUE 0.
           05  TB-OPERATION-SIZE       PIC S9(9) COMP-5 VALUE 0.
           05  TB-JSON-SIZE            PIC S9(9) COMP-5 VALUE 0.
           05  TB-ANSWER-SIZE          PIC S9(9) COMP-5 VALUE 0.
           05  TB-POINTER-SIZE         PIC S9(9) COMP-5 VALUE 0.
           05  TB-VALUE-SIZE           PIC S9(9) COMP-5 VALUE 0.
           05  TB-MESSAGE-SIZE         PIC S9(9) COMP-5 VALUE 0.
