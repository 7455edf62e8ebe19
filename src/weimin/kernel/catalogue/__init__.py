"""What people may ask for: service items, their versions, guides, materials, forms, who offers what where.

Owns: items (服务事项), item versions (事项版本), offers (事项进驻), life events (人生事件), catalogue search.
A version in force never changes; a matter keeps the version it started with.
"""
