"""What an emulator shows through of sqlite3: Debian ships Python's unit tests without those of this module."""
import datetime, math, multiprocessing, os, sqlite3, threading, unittest


class Database(unittest.TestCase):
    def setUp(self):
        self.db = sqlite3.connect("test.db", isolation_level=None)

    def tearDown(self):
        self.db.close()
        for ending in "", "-wal", "-shm", "-journal":
            if os.path.exists("test.db" + ending):
                os.remove("test.db" + ending)

    def one(self, text, *values):
        return self.db.execute(text, values).fetchone()[0]

    def test_values_come_back(self):
        for value in 0, -2**63, 2**63 - 1, 1.5, -0.0, 5e-324, math.inf, "é\0x", b"\0\xff", None:
            self.assertEqual(self.one("select ?", value), value)
        self.assertIsNone(self.one("select ?", math.nan))
        with self.assertRaises(OverflowError):
            self.one("select ?", 2**63)

    def test_arithmetic(self):
        self.assertEqual(self.one("select 9223372036854775807 + 1"), 2.0**63)
        self.assertEqual(self.one("select cast(1e300 as integer)"), 2**63 - 1)
        row = self.db.execute("select round(2.5), printf('%.15g', 0.1), 7 % -3, quote(1e-5), 1 / 0.3, hex(zeroblob(3))")
        self.assertEqual(row.fetchone(), (3.0, "0.1", 1, "1.0e-05", 1 / 0.3, "000000"))

    def test_functions_of_python_are_called_and_may_fail(self):
        self.db.create_function("twice", 1, lambda x: x * 2, deterministic=True)
        self.db.create_collation("backwards", lambda a, b: (a < b) - (a > b))
        self.db.execute("create table t(a)")
        self.db.executemany("insert into t values(?)", [(str(i),) for i in range(50)])
        rows = self.db.execute("select twice(a) from t order by a collate backwards limit 2").fetchall()
        self.assertEqual(rows, [("99",), ("88",)])
        self.db.create_function("bad", 0, lambda: 1 / 0)
        with self.assertRaises(sqlite3.OperationalError):
            self.one("select bad()")

    def test_windows_blobs_and_backups(self):
        self.db.execute("create table t(a integer primary key, b blob)")
        self.db.execute("insert into t values(1, zeroblob(100000))")
        with self.db.blobopen("t", "b", 1) as blob:
            blob.seek(99990)
            blob.write(b"0123456789")
            self.assertEqual(blob[-1], ord("9"))
        copy = sqlite3.connect(":memory:")
        pages = []
        self.db.backup(copy, pages=3, progress=lambda status, left, total: pages.append(left))
        self.assertEqual(pages[-1], 0)
        again = sqlite3.connect(":memory:")
        again.deserialize(copy.serialize())
        self.assertEqual(again.execute("select length(b), substr(b, -3) from t").fetchone(), (100000, b"789"))
        rows = self.db.execute("select sum(value) over (order by value rows 1 preceding) from json_each('[1,2,3]')")
        self.assertEqual(rows.fetchall(), [(1,), (3,), (5,)])

    def test_threads_write_one_after_the_other(self):
        self.one("pragma journal_mode=wal")
        self.db.execute("create table t(a)")

        def work(n):
            own = sqlite3.connect("test.db", timeout=600, isolation_level=None)
            for i in range(20):
                own.execute("begin immediate")
                own.execute("insert into t select count(*) from t")
                own.execute("commit")
            own.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual(self.db.execute("select count(*), sum(a) from t").fetchone(), (80, 80 * 79 // 2))

    def test_processes_lock_each_other_out(self):
        for mode in "delete", "wal":
            self.one(f"pragma journal_mode={mode}")
            self.db.execute("create table if not exists t(a)")
            self.db.execute("delete from t")

            def work():
                own = sqlite3.connect("test.db", timeout=600, isolation_level=None)
                for i in range(10):
                    own.execute("begin immediate")
                    own.execute("insert into t select count(*) from t")
                    own.execute("commit")
                own.close()

            processes = [multiprocessing.get_context("fork").Process(target=work) for n in range(3)]
            [process.start() for process in processes]
            [process.join() for process in processes]
            self.assertEqual([process.exitcode for process in processes], [0, 0, 0])
            self.assertEqual(self.db.execute("select count(*), sum(a) from t").fetchone(), (30, 30 * 29 // 2))
        self.db.execute("begin exclusive")
        with self.assertRaisesRegex(sqlite3.OperationalError, "locked"):
            sqlite3.connect("test.db", timeout=0).execute("insert into t values(1)")

    def test_a_long_statement_is_interrupted(self):
        stop = threading.Timer(0.05, self.db.interrupt)
        stop.start()
        with self.assertRaisesRegex(sqlite3.OperationalError, "interrupted"):
            while True:
                self.one("with recursive c(x) as (select 1 union all select x + 1 from c where x < 100000) select max(x) from c")
        stop.join()
        self.db.set_progress_handler(lambda: 1, 100)
        with self.assertRaisesRegex(sqlite3.OperationalError, "interrupted"):
            self.one("with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c")


unittest.main()
