<!doctype html><title>Overview</title><h1>Overview</h1>
<script>
const parts = Array.from({ length: 5 }, (_, i) => fetch(`/account.php?part=${i}&at=${Math.random()}`))
Promise.all(parts.map(async (part) => (await part).text())).then(() => { document.body.id = 'complete' })
</script>
